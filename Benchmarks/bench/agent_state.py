"""Line 4: 64 sessions change their agent's state as fast as they are answered, each change on the disk by then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.http_stage import CONNECTIONS, SECONDS, Stage, stage
from bench.load import wrk
from bench.pgbench import pgbench
from bench.results import Row, at_least, row
from bench.rounds import interleaved
from bench.stack import AUTHORIZED

WHAT = "PUT agent-state, 64 sessions at once, durable when answered"
STATES = {"listening": "thinking", "thinking": "listening"}
WAIT_SECONDS = 20
JOIN_AT_ONCE = 8


@dataclass(frozen=True)
class Last:
    """Where a session stands."""

    id: str
    seq: int
    state: str


def alternating(sessions: list[Last]) -> str:
    """Lua: each of wrk's threads has one connection and one session, so that every call is a change."""
    ids = ", ".join(f'"{one.id}"' for one in sessions)
    first = ", ".join(f'"{STATES[one.state]}"' for one in sessions)
    return f"""
local ids, first = {{{ids}}}, {{{first}}}
local requests, turn = {{}}, 0
function init(args)
  wrk.headers["Content-Type"] = "application/json"
  local path, begin = "/v1/sessions/" .. ids[number + 1] .. "/agent-state", first[number + 1]
  for place, state in ipairs({{begin, begin == "thinking" and "listening" or "thinking"}}) do
    requests[place] = wrk.format("PUT", path, nil, '{{"state":"' .. state .. '"}}')
  end
end
function request()
  turn = turn % 2 + 1
  return requests[turn]
end
"""


def standing(on: Stage, room: str) -> list[Last]:
    """The sessions of the rooms that begin so."""
    rows = on.cluster.sql(f"""
        SELECT turngate_id('ses', s.id), last.seq, last.new_state
        FROM sessions AS s CROSS JOIN LATERAL (
            SELECT seq, new_state FROM agent_state_transitions WHERE session_id = s.id ORDER BY seq DESC LIMIT 1) AS last
        WHERE s.room LIKE '{room}-%' ORDER BY s.room""")
    return [Last(id, int(seq), state) for id, seq, state in (line.split("|") for line in rows.splitlines())]


async def still(on: Stage, room: str) -> list[Last]:
    """The same once nothing changes any more: wrk leaves at most one call of each connection unanswered."""
    async with asyncio.timeout(WAIT_SECONDS):
        before = standing(on, room)
        while True:
            await asyncio.sleep(0.2)
            after = standing(on, room)
            if after == before and all(one.state in STATES for one in after):
                return after
            before = after


async def put(on: Stage, base: str, room: str, seconds: float = SECONDS) -> float:
    """Calls per second; each that was answered with 200 has its row."""
    before = await still(on, room)
    load = await wrk(base, seconds=seconds, connections=CONNECTIONS, threads=CONNECTIONS, headers=AUTHORIZED,
                     script=alternating(before), expect="200")
    after = await still(on, room)
    grown = sum(one.seq for one in after) - sum(one.seq for one in before)
    if not load.answered <= grown <= load.answered + CONNECTIONS:
        raise RuntimeError(f"{load.answered} calls were answered, and there are {grown} rows more")
    return load.per_second


# Held by a runtime that nobody takes for dead, and that is not ours to look after.
_OTHERS = """
INSERT INTO runtimes (id, host, boot_id, pid, start_ticks, heartbeat_at)
    VALUES (gen_random_uuid(), 'peer', '', 1, 0, now() + interval '1 day');
CREATE TEMP TABLE copy AS SELECT n, turngate_uuid(now()) AS id FROM generate_series(1, {count}) AS n;
INSERT INTO sessions
    SELECT (jsonb_populate_record(made, jsonb_build_object(
        'id', copy.id, 'room', '{room}-' || lpad(n::text, 2, '0'),
        'runtime_id', (SELECT id FROM runtimes WHERE host = 'peer' ORDER BY entered_at DESC LIMIT 1)))).*
    FROM copy, sessions AS made WHERE made.room = 'ours-00';
INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause)
    SELECT copy.id, seq, now(), CASE seq WHEN 2 THEN 'initializing' END,
        CASE seq WHEN 1 THEN 'initializing' ELSE 'listening' END, 'connection'
    FROM copy, generate_series(1, 2) AS seq;
"""

# Each client has a session of its own and knows where it stands, as we do.
_INSERT = r"""
\if :seq = 2
SELECT id AS session FROM sessions WHERE room = '{room}-' || lpad((:client_id + 1)::text, 2, '0') \gset
\endif
\set seq :seq + 1
\if :seq % 2 = 1
INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
VALUES (:session, :seq, clock_timestamp(), 'listening', 'thinking', 'api', 'bench', NULL, NULL);
\else
INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
VALUES (:session, :seq, clock_timestamp(), 'thinking', 'listening', 'api', 'bench', NULL, NULL);
\endif
"""


async def insert(on: Stage, room: str, connections: int, seconds: int = SECONDS) -> float:
    """Of pgbench, in sessions that it alone has; each insert is a transaction."""
    on.cluster.sql(_OTHERS.format(count=connections, room=room))
    script = _INSERT.format(room=room)
    work = await pgbench(on.cluster.url, script, connections=connections, seconds=seconds, variables={"seq": "2"})
    grown = sum(one.seq - 2 for one in standing(on, room))
    if grown != work.transactions:
        raise RuntimeError(f"pgbench made {work.transactions} transactions, and there are {grown} rows")
    return work.per_second


async def run(rounds: int) -> list[Row]:
    async with stage() as on:
        # Nobody is there to be told, and the peers tell nobody.
        policy = {"notify_on": []}
        for number in range(0, CONNECTIONS, JOIN_AT_ONCE):
            rooms = [f"ours-{number + n:02}" for n in range(JOIN_AT_ONCE)]
            await asyncio.gather(*(on.post_session(room, turn_policy=policy) for room in rooms))
        on.cluster.sql(_OTHERS.format(count=CONNECTIONS, room="theirs"))
        on.settle()
        pool, runs = on.pool_connections(), iter(range(1000))

        async def alone(seconds: int = SECONDS) -> float:
            return await insert(on, f"alone-{next(runs)}", pool, seconds)

        await put(on, on.ours.url, "ours", 1), await put(on, on.peer.url, "theirs", 1), await alone(1)
        found = await interleaved(
            rounds, ours=lambda: put(on, on.ours.url, "ours"), pgbench=alone,
            fastapi=lambda: put(on, on.peer.url, "theirs"))
    return [
        row("4a", WHAT, "1/s", found["ours"], found["pgbench"], f"pgbench, an insert each, {pool} connections", at_least(2)),
        row("4b", WHAT, "1/s", found["ours"], found["fastapi"], "FastAPI", at_least(8)),
    ]
