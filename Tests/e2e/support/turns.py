"""Taking and giving back the floor, from a client's side and from a backend's."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import httpx

from peers import Peer
from support.answers import done, until

REFUSALS = {"floor_taken", "stale_turn", "not_holder", "no_turn", "no_floor", "agent_busy", "turn_required",
            "invalid_payload", "queue_full", "not_ready"}


@dataclass(frozen=True)
class Reply:
    """The agent's answer to one of the built-in methods, with when it was asked and when it came."""

    body: dict
    asked: float
    answered: float

    @property
    def travel_ms(self) -> float:
        return (self.answered - self.asked) * 1000

    @property
    def ok(self) -> bool:
        return self.body["success"]

    @property
    def result(self) -> dict:
        assert self.ok, self.body
        return self.body["result"]

    def refused(self, code: str) -> dict:
        """The refusal that this has to be."""
        assert not self.ok, self.body
        assert self.body["code"] == code and code in REFUSALS, self.body
        assert isinstance(self.body["error"], str) and self.body["error"], self.body
        return self.body


async def ask(peer: Peer, method: str, payload: dict | str | None = None, agent: str = "agent") -> Reply:
    """Calls a built-in method of the agent."""
    text = payload if isinstance(payload, str) else json.dumps(payload) if payload is not None else ""
    asked = time.monotonic()
    answer = await peer.me.perform_rpc(destination_identity=agent, method=method, payload=text, response_timeout=30)
    reply = Reply(json.loads(answer), asked, time.monotonic())
    assert isinstance(reply.body["success"], bool), reply.body
    return reply


async def start(peer: Peer, **fields) -> Reply:
    return await ask(peer, "start_turn", fields or None)


async def end(peer: Peer, turn: dict, **fields) -> Reply:
    return await ask(peer, "end_turn", {"turn_id": turn["turn_id"]} | fields)


async def cancel(peer: Peer, turn: dict, **fields) -> Reply:
    return await ask(peer, "cancel_turn", {"turn_id": turn["turn_id"]} | fields)


async def get_session(http: httpx.AsyncClient, session: str) -> dict:
    return done(await http.get(f"/v1/sessions/{session}"))


async def get_turn(http: httpx.AsyncClient, session: str, turn: str) -> dict:
    return done(await http.get(f"/v1/sessions/{session}/turns/{turn}"))


async def ended_turn(http: httpx.AsyncClient, session: str, turn: str, seconds: float = 30) -> dict:
    """The turn once it has ended."""
    async def look() -> dict | None:
        found = await get_turn(http, session, turn)
        return found if found["status"] == "ended" else None

    return await until(look, f"the end of {turn}", seconds)


async def turn_audio(http: httpx.AsyncClient, session: str, turn: str, **parameters) -> bytes:
    """The turn's WAV file."""
    answer = await http.get(f"/v1/sessions/{session}/turns/{turn}/audio", params=parameters)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "audio/wav"
    return answer.content


async def floor(http: httpx.AsyncClient, session: str) -> dict:
    return (await get_session(http, session))["floor"]


async def free_floor(http: httpx.AsyncClient, session: str, seconds: float = 30) -> dict:
    """The session once nobody has the floor."""
    async def look() -> dict | None:
        found = await get_session(http, session)
        return found if found["turn"] is None and found["floor"]["holder"] is None else None

    return await until(look, "a free floor", seconds)


def audio_policy(**changes) -> dict:
    """A policy for tests of audio: by hand, the audio kept, nobody told."""
    return {"mode": "manual", "notify_on": [], "pre_roll_ms": 500, "closed_gate": "drop", "keep_turn_audio": True,
            "max_turn_ms": 60_000} | changes
