"""The two parties of the room lines, in the same room server: Turngate's sessions, and livekit-agents' jobs."""

from __future__ import annotations

import itertools
import os
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from livekit import api

from bench.stack import RoomServer, Turngate, database, room_server, turngate
from bench.visitor import Visitor
from bench.worker import Worker

AGENT_NAME = "bench"
PEER = "livekit-agents 1.8.9"
ECHO = {"name": "echo", "handler": {"type": "echo"}}
_rooms = itertools.count(1)


def new_room() -> str:
    """A name that no other run has, on a room server that is not ours either."""
    return f"bench-{os.getpid()}-{next(_rooms)}"


class Ours:
    """Turngate, and sessions in it."""

    def __init__(self, service: Turngate, http: httpx.AsyncClient) -> None:
        self.service, self.http = service, http

    async def open(self, room: str, **changes: object) -> dict:
        """A session, `active` when this returns."""
        return _answer(await self.http.post("/v1/sessions", json={"room": room, "rpc_methods": [ECHO]} | changes), 201)

    async def end(self, session: dict) -> None:
        _answer(await self.http.delete(f"/v1/sessions/{session['id']}"), 200)

    async def get(self, session: dict, path: str = "") -> dict:
        return _answer(await self.http.get(f"/v1/sessions/{session['id']}{path}"), 200)


def _answer(answer: httpx.Response, status: int) -> dict:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.request.url} answered {answer.status_code}: {answer.text}")
    return answer.json()


class Theirs:
    """The worker, and jobs for it."""

    def __init__(self, worker: Worker, livekit: api.LiveKitAPI) -> None:
        self.worker, self._livekit = worker, livekit
        self._rooms: set[str] = set()

    async def open(self, room: str, metadata: str = "") -> None:
        """The room server has taken the order when this returns; the agent comes later."""
        self._rooms.add(room)
        wanted = api.CreateAgentDispatchRequest(agent_name=AGENT_NAME, room=room, metadata=metadata)
        await self._livekit.agent_dispatch.create_dispatch(wanted)

    async def end(self, room: str) -> None:
        """The job ends with its room."""
        self._rooms.discard(room)
        await self._livekit.room.delete_room(api.DeleteRoomRequest(room=room))

    async def end_all(self) -> None:
        """A worker that is stopped waits for its jobs, for an hour if need be."""
        for room in list(self._rooms):
            await self.end(room)


class Stage:
    """A room server with a worker on it, and a database for Turngate."""

    def __init__(self, server: RoomServer, cluster, theirs: Theirs) -> None:
        self.server, self.theirs = server, theirs
        self._cluster = cluster

    @asynccontextmanager
    async def serving(self):
        """A Turngate that is started now, with no session."""
        async with turngate(self._cluster, self.server, TURNGATE_MIGRATE="auto") as service:
            async with service.client(limits=httpx.Limits(max_connections=None)) as http:
                yield Ours(service, http)

    async def enter(self, room: str, identity: str = "client", auto_subscribe: bool = True) -> Visitor:
        return await Visitor(identity).join(self.server, room, auto_subscribe)


@asynccontextmanager
async def stage():
    """All of it, from nothing to nothing."""
    async with AsyncExitStack() as things:
        server = await things.enter_async_context(room_server())
        cluster = await things.enter_async_context(database())
        livekit = api.LiveKitAPI(server.url.replace("ws", "http", 1), server.key, server.secret)
        things.push_async_callback(livekit.aclose)
        worker = Worker(server)
        things.push_async_callback(worker.stop)
        await worker.start()
        await worker.settle(0)
        theirs = Theirs(worker, livekit)
        things.push_async_callback(theirs.end_all)
        yield Stage(server, cluster, theirs)
