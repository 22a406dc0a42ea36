"""What the lines about HTTP are measured on: sessions, live and ended, and all who answer for them."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from bench import stack
from bench.http_peers import FastAPI, fastapi

SECONDS = 2
CONNECTIONS = 64
# Sessions of the past, and transitions of each.
SESSIONS, ROWS = 1000, 300


@dataclass
class Stage:
    """Turngate and FastAPI, over one database."""

    cluster: object
    ours: stack.Turngate
    peer: FastAPI
    http: httpx.AsyncClient

    async def post_session(self, room: str, **changes) -> dict:
        """A live session that stays although nobody comes."""
        body = {"room": room, "empty_timeout_s": 0, "labels": {"tenant": "acme"}} | changes
        answer = await self.http.post("/v1/sessions", json=body)
        if answer.status_code != 201:
            raise RuntimeError(f"the agent is not in the room: {answer.status_code} {answer.text}")
        return answer.json()

    def pool_connections(self) -> int:
        """How many connections Turngate's queries share: all but the one that listens."""
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'turngate' AND query NOT LIKE 'LISTEN%'"
        return int(self.cluster.sql(asked))

    def settle(self) -> None:
        """The planner knows the tables, and no autovacuum falls into a measurement."""
        self.cluster.sql("VACUUM ANALYZE")
        self.cluster.sql("CHECKPOINT")


@asynccontextmanager
async def stage():
    async with AsyncExitStack() as parts:
        cluster = await parts.enter_async_context(stack.database())
        cluster.sql("ALTER SYSTEM SET autovacuum = off")
        cluster.sql("SELECT pg_reload_conf()")
        server = await parts.enter_async_context(stack.room_server())
        ours = await parts.enter_async_context(stack.turngate(cluster, server, TURNGATE_MIGRATE="auto"))
        peer = await parts.enter_async_context(fastapi(cluster))
        http = await parts.enter_async_context(ours.client())
        yield Stage(cluster, ours, peer, http)


async def past(on: Stage) -> list[str]:
    """Ended sessions with `ROWS` transitions each, made of one that was really held; their ids as the API shows them."""
    model = await on.post_session("support-model")
    (await on.http.delete(f"/v1/sessions/{model['id']}")).raise_for_status()
    on.cluster.sql(_COPIES.format(
        model=f"(SELECT id FROM sessions WHERE room = '{model['room']}')", sessions=SESSIONS, rows=ROWS))
    on.settle()
    ids = on.cluster.sql("SELECT turngate_id('ses', id) FROM sessions WHERE room LIKE 'support-copy-%' ORDER BY room")
    return ids.splitlines()


# replica: the guards look at each step of a live session, and these are over. What else a session's end does is done
# here: it leaves its text.
_COPIES = """
SET session_replication_role = replica;
CREATE TEMP TABLE copy AS
    SELECT n, turngate_uuid(now() - interval '1 day' + n * interval '1 second') AS id,
        now() - interval '1 day' + n * interval '1 second' AS at
    FROM generate_series(1, {sessions}) AS n;
CREATE TEMP TABLE made AS SELECT * FROM sessions WHERE id = {model};
INSERT INTO sessions
    SELECT (jsonb_populate_record(made, jsonb_build_object(
        'id', copy.id, 'room', 'support-copy-' || lpad(n::text, 4, '0'), 'created_at', copy.at,
        'activated_at', copy.at + interval '50 ms', 'ended_at', copy.at + interval '1 hour'))).*
    FROM made, copy;
INSERT INTO rpc_methods OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(m, jsonb_build_object('session_id', copy.id))).* FROM copy, rpc_methods AS m
    WHERE m.session_id = (SELECT id FROM made) ORDER BY copy.n, m.position;
INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor)
    SELECT copy.id, seq, copy.at + seq * interval '1.234 seconds',
        CASE seq WHEN 1 THEN NULL WHEN 2 THEN 'initializing' ELSE (ARRAY['listening', 'thinking', 'speaking'])[1 + (seq - 1) % 3] END,
        CASE seq WHEN 1 THEN 'initializing' ELSE (ARRAY['listening', 'thinking', 'speaking'])[1 + seq % 3] END, 'api', 'bench'
    FROM copy, generate_series(1, {rows}) AS seq ORDER BY copy.n, seq;
INSERT INTO session_texts SELECT id, session_text(id) FROM copy ORDER BY n;
"""
