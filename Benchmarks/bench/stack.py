"""What is measured: PostgreSQL, the room server, and Turngate's release build, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from server_process import KEY, SECRET, ServerProcess
from support.cluster import Cluster
from support.service import ADMIN, NO_TLS, ROOT

START_SECONDS = 30
AUTHORIZED = {"Authorization": f"Bearer {ADMIN}"}


def binary() -> str:
    return os.environ.get("TURNGATE_BIN", str(ROOT / ".build" / "release" / "turngate"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RoomServer:
    """The room server: the one for development, or the one that LIVEKIT_URL names."""

    def __init__(self) -> None:
        self._own: ServerProcess | None = None
        self.url = os.environ.get("LIVEKIT_URL", "")
        self.key = os.environ.get("LIVEKIT_API_KEY", KEY)
        self.secret = os.environ.get("LIVEKIT_API_SECRET", SECRET)

    @property
    def pid(self) -> int | None:
        """None where it is not ours."""
        return self._own.pid if self._own is not None else None

    async def start(self) -> "RoomServer":
        if not self.url:
            self._own = await ServerProcess("--departure-timeout", "1", "--empty-room-timeout", "1").start()
            self.url = self._own.url
        return self

    async def stop(self) -> None:
        if self._own is not None:
            await self._own.stop()


class Process:
    """A server of which nothing but its log file is read."""

    def __init__(self, name: str, command: list[str], variables: dict[str, str], ready: str) -> None:
        self.name, self._command, self._variables, self._ready = name, command, variables, ready
        self._process: asyncio.subprocess.Process | None = None
        self.log = Path(os.environ.get("TURNGATE_BENCH_LOGS", ROOT / ".turngate" / "log")) / f"bench-{name}.log"

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> float:
        """The seconds from its start until `ready` answered 200."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._variables, stdout=log, stderr=log)
        async with httpx.AsyncClient(verify=NO_TLS) as client:
            while True:
                if self._process.returncode is not None or time.monotonic() - begun > START_SECONDS:
                    raise RuntimeError(f"{self.name} did not start; see {self.log}")
                try:
                    if (await client.get(self._ready)).status_code == 200:
                        return time.monotonic() - begun
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.002)

    async def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def clean() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


class Turngate(Process):
    """The release build, as its users start it, but for its log's level: nobody else here writes a line per call."""

    def __init__(self, database_url: str, room_server: RoomServer, **changes: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        library = os.environ.get("LIVEKIT_LIB_PATH", str(ROOT / ".turngate" / "lib" / "liblivekit_ffi.so"))
        variables = clean() | {
            "DATABASE_URL": database_url, "LIVEKIT_URL": room_server.url, "LIVEKIT_API_KEY": room_server.key,
            "LIVEKIT_API_SECRET": room_server.secret, "LIVEKIT_LIB_PATH": library,
            "TURNGATE_LISTEN": f"127.0.0.1:{port}", "TURNGATE_API_KEYS": f"bench=admin:{ADMIN}",
            "TURNGATE_LOG_FORMAT": "json", "TURNGATE_LOG_LEVEL": "warning",
        } | changes
        super().__init__("turngate", [binary(), "serve"], variables, self.url + "/readyz")

    def client(self, **options) -> httpx.AsyncClient:
        options.setdefault("timeout", 30)
        return httpx.AsyncClient(base_url=self.url, headers=AUTHORIZED, verify=NO_TLS, **options)


@asynccontextmanager
async def database():
    """The URL of PostgreSQL as one runs it: what it says is written is on the disk."""
    cluster = Cluster().start("fsync=on", "shared_buffers=1GB", "max_wal_size=4GB", "max_connections=200")
    try:
        yield cluster
    finally:
        cluster.remove()


@asynccontextmanager
async def room_server():
    running = await RoomServer().start()
    try:
        yield running
    finally:
        await running.stop()


@asynccontextmanager
async def turngate(cluster: Cluster, server: RoomServer, **changes: str):
    running = Turngate(cluster.url, server, **changes)
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


def peers_python() -> str:
    """The interpreter that has the peers' packages."""
    return str(ROOT / ".turngate" / "peers-venv" / "bin" / "python")
