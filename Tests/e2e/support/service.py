"""The service as a child process: the binary that a user would run."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx

from support.backend import SIGNING_SECRET

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60
STOP_SECONDS = 45
# Made once: httpx would read all certificates of the machine for every client.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
ADMIN, WRITER, READER = "admin-secret", "writer-secret", "reader-secret"


def binary() -> str:
    return os.environ.get("TURNGATE_BIN", str(ROOT / ".build" / "debug" / "turngate"))


def environment(database_url: str, room_server, **changes: str) -> dict[str, str]:
    """A clean environment with what the service needs; `changes` set or, with None, unset."""
    from server_process import KEY, SECRET

    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    library = os.environ.get("LIVEKIT_LIB_PATH", str(ROOT / ".turngate" / "lib" / "liblivekit_ffi.so"))
    kept |= {
        "DATABASE_URL": database_url, "LIVEKIT_URL": room_server.url, "LIVEKIT_API_KEY": KEY,
        "LIVEKIT_API_SECRET": SECRET, "LIVEKIT_LIB_PATH": library, "TURNGATE_LISTEN": "127.0.0.1:0",
        "TURNGATE_API_KEYS": f"ops=admin:{ADMIN},web=write:{WRITER},board=read:{READER}",
        # The tests' backends are on this machine.
        "TURNGATE_EGRESS_ALLOW": "127.0.0.1/32", "TURNGATE_WEBHOOK_SECRET": SIGNING_SECRET,
        "TURNGATE_MIGRATE": "auto", "TURNGATE_LOG_FORMAT": "json", "TURNGATE_LOG_LEVEL": "info",
        "TURNGATE_DOCS_DIR": os.environ.get("TURNGATE_DOCS_DIR", str(ROOT / ".turngate" / "docs-ui")),
    }
    return {name: value for name, value in (kept | changes).items() if value is not None}


class Service:
    """A running `turngate serve`. What it logs is kept, line by line."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task | None = None
        self.log: list[dict] = []
        self.url = ""
        self._news = asyncio.Event()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> "Service":
        self.log, self.url = [], ""
        self._process = await asyncio.create_subprocess_exec(
            binary(), "serve", env=self._variables, stderr=asyncio.subprocess.PIPE, limit=1 << 20)
        self._reader = asyncio.create_task(self._read())
        line = await self.logged(lambda line: line.get("message") == "serving", START_SECONDS)
        self.url = f"http://{line['listen']}"
        return self

    async def _read(self) -> None:
        async for raw in self._process.stderr:
            try:
                self.log.append(json.loads(raw))
            except ValueError:
                self.log.append({"message": raw.decode(errors="replace").rstrip()})
            self._news.set()

    async def logged(self, wanted: Callable[[dict], bool], seconds: float = 30) -> dict:
        """The first line, past or to come, that is wanted."""
        async with asyncio.timeout(seconds):
            while True:
                self._news.clear()
                for line in self.log:
                    if wanted(line):
                        return line
                if self._process.returncode is not None:
                    raise AssertionError(f"the service ended with {self._process.returncode}: {self.log[-5:]}")
                news, gone = asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(self._process.wait())
                await asyncio.wait({news, gone}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                gone.cancel()

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and returns the exit code."""
        if self._process.returncode is None:
            self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            raise AssertionError(f"the service did not stop within {STOP_SECONDS} s: {self.log[-20:]}") from None
        await self._reader
        return self._process.returncode

    async def kill(self) -> None:
        assert await self.stop(signal.SIGKILL) == -signal.SIGKILL

    def client(self, secret: str | None = ADMIN, **options) -> httpx.AsyncClient:
        """An HTTP client of the service that holds every answer against what no answer may be."""
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        options.setdefault("timeout", 30)
        options.setdefault("verify", NO_TLS)
        options.setdefault("limits", httpx.Limits(max_connections=200))
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, event_hooks={"response": [_never_wrong]}, **options)

    def assert_log_is_clean(self) -> None:
        """No secret, no token and no mistake of the service itself in what was logged."""
        text = "\n".join(json.dumps(line) for line in self.log)
        for secret in secrets():
            assert secret not in text, f"a secret is in the log: {secret[:4]}…"
        assert "eyJ" not in text, "a token is in the log"
        assert "Bearer " not in text, "an Authorization header is in the log"
        wrong = [line for line in self.log if line.get("level") == "critical" or str(line.get("status")) == "500"]
        assert not wrong, wrong[:3]


def secrets() -> tuple[str, ...]:
    from server_process import SECRET

    return ADMIN, WRITER, READER, SECRET, SIGNING_SECRET


async def _never_wrong(answer: httpx.Response) -> None:
    """No answer is ever a 500, none shows a secret, and all have an id."""
    assert "x-request-id" in answer.headers, answer.headers
    if answer.status_code == 500:
        await answer.aread()
        raise AssertionError(f"{answer.request.method} {answer.request.url} got a 500: {answer.text}")
    if answer.headers.get("content-type", "").endswith("json"):
        await answer.aread()
        for secret in secrets():
            assert secret not in answer.text, f"a secret is in the answer to {answer.request.url}"
