"""The client in the room: LiveKit's official SDK, the same for both parties."""

from __future__ import annotations

import asyncio
import datetime
import time

from livekit import api, rtc

from bench.stack import RoomServer

STATE = "lk.agent.state"
WAIT_SECONDS = 30


def token(server: RoomServer, room: str, identity: str) -> str:
    grants = api.VideoGrants(room=room, room_join=True)
    made = api.AccessToken(server.key, server.secret).with_identity(identity).with_grants(grants)
    return made.with_ttl(datetime.timedelta(hours=1)).to_jwt()


class Visitor:
    """A participant that sees agents come."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self._news = asyncio.Event()
        #: When an agent was first seen beyond `initializing`, by its identity (`time.perf_counter`).
        self.seen: dict[str, float] = {}
        for event in ("participant_connected", "participant_active", "participant_attributes_changed"):
            self.room.on(event, lambda *_: self._look())

    async def join(self, server: RoomServer, room: str, auto_subscribe: bool = True) -> "Visitor":
        options = rtc.RoomOptions(auto_subscribe=auto_subscribe)
        jwt = token(server, room, self.identity)
        await asyncio.wait_for(self.room.connect(server.url, jwt, options), WAIT_SECONDS)
        self._look()
        return self

    async def leave(self) -> None:
        await asyncio.wait_for(self.room.disconnect(), WAIT_SECONDS)

    async def agent(self) -> tuple[str, float]:
        """The first agent that is ready, and when it was: in the room, active, its state set by itself."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not self.seen:
                self._news.clear()
                await self._news.wait()
        return next(iter(self.seen.items()))

    async def call(self, agent: str, method: str, payload: str) -> str:
        return await self.room.local_participant.perform_rpc(
            destination_identity=agent, method=method, payload=payload)

    def _look(self) -> None:
        for identity, participant in self.room.remote_participants.items():
            active = participant.state == rtc.ParticipantState.PARTICIPANT_STATE_ACTIVE
            if active and participant.attributes.get(STATE, "initializing") != "initializing":
                self.seen.setdefault(identity, time.perf_counter())
                self._news.set()
