"""A reader of server-sent events, as strict as the HTML standard's."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

READ_SECONDS = 30


@dataclass
class Event:
    """One event as it was dispatched."""

    id: str | None
    type: str
    data: dict


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The stream's lines, ended by CR, LF or both; httpx's own end at every other separator of Unicode too."""
    rest = b""
    async for chunk in chunks:
        # A CR at the end may be half of a CR LF.
        held, rest = (rest + chunk), b""
        if held.endswith(b"\r"):
            held, rest = held[:-1], b"\r"
        *whole, last = re.split(b"\r\n|\r|\n", held)
        rest = last + rest
        for line in whole:
            yield line.decode()


class EventStream:
    """An open stream; `last_id` is what a browser would send when it comes again."""

    def __init__(self, answer: httpx.Response, last_id: str | None) -> None:
        self._answer = answer
        self._lines = lines(answer.aiter_bytes())
        self.last_id = last_id
        self.retry: int | None = None
        self.comments: list[str] = []
        self.ended = False

    async def next(self, seconds: float = READ_SECONDS) -> Event | None:
        """The next event; None at the stream's end."""
        async with asyncio.timeout(seconds):
            kind, data, identifier = "message", [], None
            async for line in self._lines:
                if line == "":
                    if data:
                        return Event(identifier, kind, json.loads("\n".join(data)))
                    kind = "message"
                    continue
                if line.startswith(":"):
                    self.comments.append(line[1:].strip())
                    continue
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    identifier = self.last_id = value
                elif name == "retry":
                    self.retry = int(value)
                else:
                    raise AssertionError(f"no field of an event stream: {line!r}")
            self.ended = True
            return None

    async def take(self, count: int, seconds: float = READ_SECONDS) -> list[Event]:
        """So many events."""
        found = []
        for _ in range(count):
            event = await self.next(seconds)
            assert event is not None, f"the stream ended after {len(found)} of {count} events"
            found.append(event)
        return found

    async def until(self, kind: str, seconds: float = READ_SECONDS) -> list[Event]:
        """All events up to the first of this type, which is the last of them."""
        found: list[Event] = []
        while not found or found[-1].type != kind:
            event = await self.next(seconds)
            assert event is not None, f"the stream ended without {kind}: {[one.type for one in found]}"
            found.append(event)
        return found

    async def rest(self, seconds: float = READ_SECONDS) -> list[Event]:
        """All events to the stream's end."""
        found = []
        while (event := await self.next(seconds)) is not None:
            found.append(event)
        return found


@asynccontextmanager
async def events(
    http: httpx.AsyncClient, path: str, last_id: str | None = None, **parameters
) -> AsyncIterator[EventStream]:
    """An open stream of `path`; the answer must be one."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
    async with http.stream("GET", path, headers=headers, params=parameters, timeout=READ_SECONDS + 5) as answer:
        if answer.status_code != 200:
            await answer.aread()
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield EventStream(answer, last_id)
