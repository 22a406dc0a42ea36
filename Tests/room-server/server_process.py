"""The room server as a child process, stopped by its own pid."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

SERVER_FOLDER = Path(__file__).resolve().parents[2] / "dev" / "room-server"
KEY, SECRET = "testkey", "a-secret-for-tests-that-is-long-enough"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30


class ServerProcess:
    """A running server. Its port stays over `kill` and `start`."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0
        self.first_line = ""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> "ServerProcess":
        self._process = await spawn("--port", str(self.port), "--key", KEY, "--secret", SECRET, *self._flags)
        line = await asyncio.wait_for(self._process.stdout.readline(), START_TIMEOUT_SECONDS)
        self.first_line = line.decode().strip()
        prefix = "listening on ws://127.0.0.1:"
        assert self.first_line.startswith(prefix), f"the server did not start: {self.first_line!r}"
        self.port = int(self.first_line.removeprefix(prefix))
        return self

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_SECONDS)
        return self._process.returncode

    async def kill(self) -> None:
        assert await self.stop(signal.SIGKILL) == -signal.SIGKILL

    async def debug(self, method: str, path: str, body: object = None, bearer: str = SECRET) -> tuple[int, dict]:
        headers = {"Authorization": f"Bearer {bearer}"}
        async with aiohttp.ClientSession() as session:
            async with session.request(method, self.http_url + path, json=body, headers=headers) as response:
                is_json = response.content_type == "application/json"
                return response.status, await response.json() if is_json else {"text": await response.text()}

    async def faults(self, **changes: object) -> dict:
        status, answer = await self.debug("POST", "/debug/faults", changes)
        assert status == 200, answer
        return answer

    async def stats(self) -> dict:
        status, answer = await self.debug("GET", "/debug/stats")
        assert status == 200
        return answer


async def spawn(*arguments: str) -> asyncio.subprocess.Process:
    """Starts `python -m room_server` with its folder as the only place that its code comes from."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "room_server", *arguments,
        cwd=SERVER_FOLDER,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=None if "ROOM_SERVER_LOG" in os.environ else asyncio.subprocess.DEVNULL,
    )
