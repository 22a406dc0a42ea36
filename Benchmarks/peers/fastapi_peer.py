"""Turngate's three most frequent calls as one would write them with FastAPI and asyncpg, over the same tables.

Run by uvicorn, a worker for each core: `DATABASE_URL=… API_KEY=… uvicorn fastapi_peer:app --workers 2`.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

API_KEY = os.environ.get("API_KEY", "")
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
State = Literal["idle", "listening", "thinking", "speaking"]

SESSION = """
    SELECT s.*, last.new_state AS agent_state, last.at AS agent_state_since,
        ARRAY(SELECT name FROM rpc_methods WHERE session_id = s.id ORDER BY name) AS rpc_methods
    FROM sessions s CROSS JOIN LATERAL (
        SELECT new_state, at FROM agent_state_transitions WHERE session_id = s.id ORDER BY seq DESC LIMIT 1
    ) last
    WHERE s.id = $1"""
PAGE = """
    SELECT t.*, s.room, coalesce(following.at, s.ended_at) AS left_at
    FROM agent_state_transitions t JOIN sessions s ON s.id = t.session_id
    LEFT JOIN agent_state_transitions following ON following.session_id = t.session_id AND following.seq = t.seq + 1
    WHERE t.session_id = $1 AND t.seq > $2 ORDER BY t.seq LIMIT $3"""
LAST = """
    SELECT t.seq, t.new_state, t.at, s.room, s.status
    FROM sessions s JOIN agent_state_transitions t ON t.session_id = s.id
    WHERE s.id = $1 ORDER BY t.seq DESC LIMIT 1 FOR NO KEY UPDATE OF s"""
ADD = """
    INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


async def prepare(connection: asyncpg.Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], init=prepare) as pool:
        app.state.pool = pool
        yield


async def caller(authorization: Annotated[str, Header()] = "") -> str:
    """The name of the key that calls."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secrets.compare_digest(key.encode(), API_KEY.encode()):
        raise HTTPException(401, "unknown API key")
    return "bench"


async def session_id(session: str) -> UUID:
    """The id as PostgreSQL has it."""
    return decoded(session.removeprefix("ses_"))


Caller = Annotated[str, Depends(caller)]
SessionID = Annotated[UUID, Depends(session_id)]
app = FastAPI(lifespan=lifespan)


def decoded(text: str) -> UUID:
    number = 0
    for letter in text:
        if letter not in VALUES:
            raise HTTPException(404, "no such session")
        number = number << 5 | VALUES[letter]
    if len(text) != 26 or number >> 128:
        raise HTTPException(404, "no such session")
    return UUID(int=number)


def encoded(prefix: str, id: UUID) -> str:
    return f"{prefix}_" + "".join(ALPHABET[id.int >> shift & 31] for shift in range(125, -5, -5))


def shown(time: datetime | None) -> str | None:
    return time and time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@app.get("/healthz")
async def healthz() -> dict:
    return {"status": "ok"}


@app.get("/v1/sessions/{session}")
async def get_session(request: Request, session: str, id: SessionID, _: Caller) -> JSONResponse:
    row = await request.app.state.pool.fetchrow(SESSION, id)
    if row is None:
        raise HTTPException(404, "no such session")
    return JSONResponse({
        "id": session, "room": row["room"], "status": row["status"], "agent_state": row["agent_state"],
        "agent_state_since": shown(row["agent_state_since"]),
        "agent": {"identity": row["agent_identity"], "name": row["agent_name"], "sid": row["agent_sid"],
                  "metadata": row["agent_metadata"], "attributes": row["agent_attributes"]},
        "room_sid": row["room_sid"],
        # What only the process knows that is in the room; the same bytes all the same.
        "audio_input": {"enabled": False, "reason": "unavailable", "note": None, "since": shown(row["agent_state_since"])},
        "turn": None, "floor": {"holder": None, "queue": [], "offered_to": None}, "participants": [],
        "rpc_methods": row["rpc_methods"], "turn_policy": row["turn_policy"], "labels": row["labels"],
        "metadata": row["metadata"], "max_duration_s": (row["max_duration_ms"] or 0) // 1000,
        "empty_timeout_s": (row["empty_timeout_ms"] or 0) // 1000, "created_at": shown(row["created_at"]),
        "activated_at": shown(row["activated_at"]), "ended_at": shown(row["ended_at"]),
        "end_reason": row["end_reason"], "end_detail": row["end_detail"]})


@app.get("/v1/sessions/{session}/agent-states")
async def get_history(request: Request, session: str, id: SessionID, _: Caller,
                      limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str = "") -> JSONResponse:
    after = int(cursor.rpartition("-")[2]) if cursor else 0
    rows = await request.app.state.pool.fetch(PAGE, id, after, limit + 1)
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    micros = last and round(last["at"].timestamp() * 1e6)
    return JSONResponse({
        "data": [{
            "session_id": session, "room": row["room"], "seq": row["seq"], "old_state": row["old_state"],
            "new_state": row["new_state"], "at": shown(row["at"]),
            "dwell_ms": row["left_at"] and (row["left_at"] - row["at"]).total_seconds() * 1000,
            "cause": row["cause"], "actor": row["actor"],
            "turn_id": row["turn_id"] and encoded("turn", row["turn_id"]), "reason": row["reason"]} for row in page],
        "next_cursor": last and f"h1-{micros}-{session[4:]}-{last['seq']}"})


class AgentState(BaseModel):
    """The body of the PUT."""

    state: State
    reason: Annotated[str | None, Field(max_length=1024)] = None


@app.put("/v1/sessions/{session}/agent-state")
async def put_agent_state(request: Request, session: str, id: SessionID, who: Caller, body: AgentState) -> JSONResponse:
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        last = await connection.fetchrow(LAST, id)
        if last is None:
            raise HTTPException(404, "no such session")
        if last["status"] in ("ended", "failed"):
            raise HTTPException(409, "the session is over")
        changed = last["new_state"] != body.state
        seq, now = last["seq"] + changed, max(datetime.now(timezone.utc), last["at"])
        if changed:
            await connection.execute(ADD, id, seq, now, last["new_state"], body.state, "api", who, body.reason, None)
    return JSONResponse({
        "session_id": session, "room": last["room"], "seq": seq, "old_state": last["new_state"],
        "new_state": body.state, "at": shown(now), "dwell_ms": None, "cause": "api", "actor": who, "turn_id": None,
        "reason": body.reason, "changed": changed, "durable": True})
