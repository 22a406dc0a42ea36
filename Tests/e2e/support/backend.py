"""A system of the users': an HTTP server that answers RPC calls and takes webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web
from standardwebhooks import Webhook

# `whsec_` and 32 bytes: what the tests' service signs its calls to handlers with.
SIGNING_SECRET = "whsec_dHVybmdhdGUtZTJlLXNpZ25pbmctc2VjcmV0LTAwMQ=="


@dataclass
class Call:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    request: web.Request

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    def verified(self, secret: str) -> dict:
        """The body, if the official package takes the signature; else it throws."""
        return Webhook(secret).verify(self.body, self.headers)


Answer = Callable[[Call], Awaitable[web.StreamResponse]]


async def fine(_: Call) -> web.StreamResponse:
    return web.Response(status=204)


@dataclass
class Backend:
    """Listens on a free port of the loopback; `answer` says what it answers."""

    answer: Answer = fine
    calls: list[Call] = field(default_factory=list)
    port: int = 0
    _runner: web.AppRunner | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> "Backend":
        app = web.Application(client_max_size=4 << 20)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Nobody is there any more; `start` begins again on the same port."""
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.path, headers, await request.read(), request)
        self.calls.append(call)
        self._news.set()
        return await self.answer(call)

    async def came(self, count: int, seconds: float = 20) -> list[Call]:
        """The calls, once there are this many."""
        async with asyncio.timeout(seconds):
            while len(self.calls) < count:
                self._news.clear()
                await self._news.wait()
        return self.calls


def answering(status: int = 200, body: object = None, *, text: str | None = None, seconds: float = 0) -> Answer:
    """Always this; JSON unless `text` is given, after so many seconds."""
    async def answer(_: Call) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response(status=status, text=json.dumps(body) if text is None else text)

    return answer
