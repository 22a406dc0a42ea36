"""The two parties of the room lines: Turngate's sessions, and livekit-agents' jobs, in the same room server."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from livekit import api

from bench import processes
from bench.stack import Process, RoomServer, Turngate, clean, database, free_port, peers_python, room_server, turngate

PEERS = Path(__file__).resolve().parents[1] / "peers"
AGENT_NAME = "bench"
PEER = "livekit-agents 1.8.9"
ECHO = {"name": "echo", "handler": {"type": "echo"}}
LEAVE_SECONDS = 20
_rooms = itertools.count(1)


def new_room() -> str:
    """A name that no other run has, on a room server that is not ours either."""
    return f"bench-{os.getpid()}-{next(_rooms)}"


class Worker(Process):
    """A livekit-agents worker, started as in production, with its idle processes warm."""

    def __init__(self, server: RoomServer) -> None:
        port = free_port()
        variables = clean() | {
            "LIVEKIT_URL": server.url, "LIVEKIT_API_KEY": server.key, "LIVEKIT_API_SECRET": server.secret,
            "AGENT_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [peers_python(), "-m", "livekit.agents", "start", str(PEERS / "livekit_agent.py"), "--log-level", "WARN"]
        super().__init__("livekit-agents", command, variables, f"http://127.0.0.1:{port}/worker")

    async def settle(self, jobs: int, seconds: float = 60) -> None:
        """Waits until each job has its process and as many more stand ready as there are to be."""
        idle = os.cpu_count() or 1
        async with asyncio.timeout(seconds):
            while len(self.job_processes()) < jobs + idle:
                await asyncio.sleep(0.1)

    def job_processes(self) -> list[int]:
        """Those that have a job or wait for one: the forkserver's children."""
        return [pid for pid in processes.family(self.pid)[1:] if _parent(pid) != self.pid]

    async def stop(self, number: int = signal.SIGTERM) -> None:
        family = processes.family(self.pid) if self._process and self._process.returncode is None else []
        await super().stop(number)
        for pid in family[1:]:
            if _parent(pid) is not None:
                os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int | None:
    """None for a process that is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


class Stage:
    """A room server with Turngate and a worker on it."""

    def __init__(self, server: RoomServer, service: Turngate, http: httpx.AsyncClient,
                 worker: Worker, livekit: api.LiveKitAPI) -> None:
        self.server, self.service, self.http, self.worker, self.livekit = server, service, http, worker, livekit

    async def open_session(self, room: str, **changes: object) -> dict:
        """A session of ours, `active` when this returns."""
        answer = await self.http.post("/v1/sessions", json={"room": room, "rpc_methods": [ECHO]} | changes)
        if answer.status_code != 201 or answer.json()["status"] != "active":
            raise RuntimeError(f"no session: {answer.status_code} {answer.text}")
        return answer.json()

    async def end_session(self, session: dict) -> None:
        answer = await self.http.delete(f"/v1/sessions/{session['id']}")
        if answer.status_code != 200:
            raise RuntimeError(f"the session does not end: {answer.status_code} {answer.text}")

    async def dispatch(self, room: str, metadata: str = "") -> None:
        """A job of theirs: the room server has taken the order when this returns, the agent comes later."""
        wanted = api.CreateAgentDispatchRequest(agent_name=AGENT_NAME, room=room, metadata=metadata)
        await self.livekit.agent_dispatch.create_dispatch(wanted)

    async def end_room(self, room: str) -> None:
        await self.livekit.room.delete_room(api.DeleteRoomRequest(room=room))

    async def enter(self, room: str, identity: str = "client") -> "Visitor":
        from bench.visitor import Visitor

        return await Visitor(identity).join(self.server, room)


@asynccontextmanager
async def stage():
    """All of it, from nothing to nothing."""
    async with AsyncExitStack() as things:
        server = await things.enter_async_context(room_server())
        cluster = await things.enter_async_context(database())
        service = await things.enter_async_context(turngate(cluster, server, TURNGATE_MIGRATE="auto"))
        http = await things.enter_async_context(service.client())
        livekit = api.LiveKitAPI(server.url.replace("ws", "http", 1), server.key, server.secret)
        things.push_async_callback(livekit.aclose)
        worker = Worker(server)
        things.push_async_callback(worker.stop)
        await worker.start()
        await worker.settle(0)
        yield Stage(server, service, http, worker, livekit)
