"""A history of any length, put straight into the tables that the migrations made.

All indexes and constraints stay; only the triggers that number and guard what a service writes are off meanwhile,
which is what makes minutes of it instead of hours. The rows lie as a service would have left them: in the order of
time, ten sessions at once, a thousand steps in each. So two histories differ in their length and in nothing else.
"""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from datetime import datetime, timezone

from bench import stack
from bench.progress import say

STEPS = 1000
AT_ONCE = 10
STEP_SECONDS = 4
TURNS = 20
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class History:
    """What is in the database `name`: the sessions' ids, and the range of time in seconds from BEGIN."""

    name: str
    url: str
    sessions: list[str]
    seconds: int

    @property
    def rows(self) -> int:
        return len(self.sessions) * STEPS


async def migrated(cluster) -> str:
    """The URL of a new database that has Turngate's tables."""
    url = cluster.new_database()
    process = await asyncio.create_subprocess_exec(
        stack.binary(), "migrate", "up", env=stack.clean() | {"DATABASE_URL": url}, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise RuntimeError("the migrations failed")
    return url


async def filled(cluster, rows: int) -> History:
    """A new database with so many rows of history, a multiple of 10,000."""
    url = await migrated(cluster)
    name = url.split("///")[1].split("?")[0]
    waves = rows // (STEPS * AT_ONCE)
    say(f"  filling {rows:,} rows; ten million take a minute or two")

    async def run(statement: str) -> str:
        try:
            return await asyncio.to_thread(cluster.sql, statement, name)
        except subprocess.CalledProcessError as error:
            raise RuntimeError(error.stderr) from error

    await run(_SESSIONS.format(waves=waves, at_once=AT_ONCE, steps=STEPS, step=STEP_SECONDS, begin=BEGIN.isoformat(), turns=TURNS))
    await run(_STEPS.format(waves=waves, steps=STEPS, step=STEP_SECONDS))
    await run("VACUUM (ANALYZE)")
    await run("CHECKPOINT")
    sessions = (await run("SELECT turngate_id('ses', id) FROM sessions ORDER BY id")).split("\n")
    count = int(await run("SELECT count(*) FROM agent_state_transitions"))
    if count != rows or len(sessions) != waves * AT_ONCE:
        raise RuntimeError(f"{count} rows of {len(sessions)} sessions are in the tables instead of {rows}")
    return History(name, url, sessions, waves * STEPS * STEP_SECONDS)


_SESSIONS = """
SET session_replication_role = replica;
SELECT setseed(0.5);
INSERT INTO sessions (id, room, room_sid, status, agent_identity, agent_name, agent_metadata, agent_attributes,
    agent_sid, turn_policy, labels, metadata, created_at, activated_at, ended_at, end_reason)
SELECT turngate_uuid(made.at), 'support-' || made.n % 500, 'RM_' || substr(md5(made.n::text), 1, 12), 'ended', 'agent',
    'Ava', '', '{{}}', 'PA_' || substr(md5('a' || made.n), 1, 12), '{{}}', jsonb_build_object('tenant', 'acme-' || made.n % 50),
    '{{}}', made.at, made.at + interval '200 ms', made.at + {steps} * {step} * interval '1 s', 'deleted'
FROM (
    SELECT wave * {at_once} + place AS n,
        '{begin}'::timestamptz + wave * {steps} * {step} * interval '1 s' + place * interval '311 ms' AS at
    FROM generate_series(0, {waves} - 1) AS wave, generate_series(0, {at_once} - 1) AS place
) AS made ORDER BY made.at;
INSERT INTO turns (id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at, start_cause,
    start_actor, pre_roll_ms, audio_ms, speech_ms, dropped_frames)
SELECT turngate_uuid(made.at), made.id, made.epoch, 'alice', 'ended', 'committed', 'end_turn', made.at,
    made.at + interval '7 s', 'rpc', 'alice', 500, 7500, 6100, 0
FROM (
    SELECT sessions.id, epoch, sessions.created_at + epoch * {steps} * {step} / ({turns} + 1) * interval '1 s' AS at
    FROM sessions, generate_series(1, {turns}) AS epoch
) AS made ORDER BY made.at, made.id;
"""

# Wave after wave, so that nothing ever has to be sorted on disk. A step is at its second and up to 3 s later, which
# keeps every session's steps in order.
_STEPS = """
SET session_replication_role = replica;
SELECT setseed(0.25);
DO $$
DECLARE
    states CONSTANT text[] := '{{listening,thinking,speaking}}';
BEGIN
    FOR wave IN 0..{waves} - 1 LOOP
        INSERT INTO agent_state_transitions (session_id, seq, at, turn_id, old_state, new_state, cause, actor, reason)
        SELECT made.id, made.seq, made.at,
            CASE WHEN made.seq > 2 AND made.seq % 3 = 0 THEN gen_random_uuid() END,
            CASE made.seq WHEN 1 THEN NULL WHEN 2 THEN 'initializing' ELSE states[made.seq % 3 + 1] END,
            CASE made.seq WHEN 1 THEN 'initializing' ELSE states[(made.seq + 1) % 3 + 1] END,
            CASE WHEN made.seq < 3 THEN 'connection' WHEN made.seq % 3 = 0 THEN 'api' ELSE 'playout' END,
            CASE WHEN made.seq > 2 AND made.seq % 3 = 0 THEN 'web' END,
            CASE WHEN made.seq > 2 AND made.seq % 3 = 0 THEN 'llm' END
        FROM (
            SELECT held.id, seq, held.created_at + (seq - 1) * {step} * interval '1 s' + random() * interval '3 s' AS at
            FROM (
                SELECT id, created_at FROM sessions
                WHERE created_at >= (SELECT min(created_at) FROM sessions) + wave * {steps} * {step} * interval '1 s'
                    AND created_at < (SELECT min(created_at) FROM sessions) + (wave + 1) * {steps} * {step} * interval '1 s'
            ) AS held, generate_series(1, {steps}) AS seq
        ) AS made ORDER BY made.at, made.id;
    END LOOP;
END
$$;
"""
