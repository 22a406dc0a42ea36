"""Line 13: from the start of the process to the first 200 of /readyz.

`/readyz` asks the database, the room server and the schema, so all that a start needs is in it. Each round starts a
process of its own on a database that is migrated. A bare socket does the asking, every millisecond: an HTTP client
would take as much processor as the start itself.
"""

from __future__ import annotations

import asyncio
import socket
import time
from urllib.parse import urlsplit

from bench import stack
from bench.history_filling import migrated
from bench.progress import say
from bench.results import Row, bounded

LIMIT_SECONDS = 0.3
PAUSE_SECONDS = 0.001
LONGEST_SECONDS = 30
# In each round; the round's figure is their median, so that one busy moment of the machine is not it.
STARTS = 5


class Start(stack.Turngate):
    """A service of which nothing but its start is wanted."""

    def _is_ready(self) -> bool:
        address = urlsplit(self.url)
        with socket.socket() as probe:
            probe.settimeout(LONGEST_SECONDS)
            try:
                probe.connect((address.hostname, address.port))
                probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                return probe.recv(64).startswith(b"HTTP/1.1 200 ")
            except ConnectionError:
                return False

    async def wait(self) -> None:
        """Returns with the first 200."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while not self._is_ready():
            if self._process.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start; see {self.log}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def start(self) -> float:
        """The seconds it took."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            begun = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._variables, stdout=log, stderr=log)
            await self.wait()
            return time.monotonic() - begun


async def run(rounds: int) -> list[Row]:
    """Row 13."""
    async with stack.database() as cluster, stack.room_server() as server:
        url = await migrated(cluster)
        found = []
        for number in range(rounds):
            starts = sorted([await _once(cluster, server, url) for _ in range(STARTS)])
            found.append(starts[STARTS // 2])
            say(f"  round {number + 1} of {rounds}: {found[-1]:.3f} s ({starts[0]:.3f} to {starts[-1]:.3f})")
    note = f"migrations in place; each round the median of {STARTS} starts, asked every {PAUSE_SECONDS * 1000:g} ms"
    return [bounded("13", "start of the process to /readyz 200", "s", found, LIMIT_SECONDS, note)]


async def _once(cluster, server: stack.RoomServer, url: str) -> float:
    service = Start(cluster.url, server, DATABASE_URL=url)
    try:
        return await service.start()
    finally:
        await service.stop()
