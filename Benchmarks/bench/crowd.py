"""Many clients, in processes of their own (`bench.clients`)."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager

from bench.stack import RoomServer
from bench.visitor import token

JOIN_SECONDS, STOP_SECONDS = 60, 10


class Crowd:
    """Where and who: one (room, identity) per client, dealt out to that many processes."""

    def __init__(self, server: RoomServer, places: list[tuple[str, str]], count: int, talk: bool) -> None:
        self._server, self._talk = server, talk
        self._shares = [places[start::count] for start in range(count)]
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def pids(self) -> list[int]:
        return [one.pid for one in self._processes]

    async def join(self) -> None:
        for share in self._shares:
            tokens = [token(self._server, room, identity) for room, identity in share]
            flags = ["--talk"] if self._talk else []
            self._processes.append(await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.clients", *flags, self._server.url, *tokens,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL))
        async with asyncio.timeout(JOIN_SECONDS):
            for one in self._processes:
                if await one.stdout.readline() != b"in\n":
                    raise RuntimeError("clients did not join")

    async def heard_ms(self) -> list[float]:
        """How much sound each client has heard so far."""
        found: list[float] = []
        async with asyncio.timeout(STOP_SECONDS):
            for one in self._processes:
                one.stdin.write(b"\n")
                found += json.loads(await one.stdout.readline())
        return found

    async def stop(self) -> None:
        # At the end of its input a client leaves without a word; killed, so that none waits for a thread.
        for one in self._processes:
            if one.returncode is None:
                one.kill()
            await one.wait()


@asynccontextmanager
async def crowd(server: RoomServer, places: list[tuple[str, str]], processes: int, talk: bool = False):
    """Clients that are in their rooms, and gone at the end."""
    clients = Crowd(server, places, processes, talk)
    try:
        await clients.join()
        yield clients
    finally:
        await clients.stop()
