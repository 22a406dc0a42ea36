"""A backend that reads what passes the gate, as a speech-to-text would."""

from __future__ import annotations

import asyncio
import time

import httpx
import numpy

from support import wav
from support.answers import done, until

HEADER = 44
FRAME_MS = 20


class StreamReader:
    """Reads `GET …/audio-input/stream` until it is closed. What came is kept, with when it came."""

    def __init__(self, http: httpx.AsyncClient, session: str, **parameters) -> None:
        self._http, self._session, self._parameters = http, session, parameters
        self._path = f"/v1/sessions/{session}/audio-input/stream"
        self.rate = parameters.get("sample_rate", 16_000)
        self.format = parameters.get("format", "wav")
        self.id = ""
        self.content_type = ""
        self.ended = False
        self.opened = 0.0
        self.parts: list[bytes] = []
        self.arrivals: list[float] = []
        self._opened = asyncio.Event()
        self._task: asyncio.Task | None = None

    async def open(self) -> "StreamReader":
        """Returns when the answer has begun."""
        self._task = asyncio.ensure_future(self._read())
        opened = asyncio.ensure_future(self._opened.wait())
        await asyncio.wait({opened, self._task}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self._task.done():
            self._task.result()
        assert self._opened.is_set(), "the stream never began"
        return self

    async def _read(self) -> None:
        timeout = httpx.Timeout(10, read=None)
        async with self._http.stream("GET", self._path, params=self._parameters, timeout=timeout) as answer:
            if answer.status_code != 200:
                await answer.aread()
            assert answer.status_code == 200, (answer.status_code, answer.text)
            self.id = answer.headers["turngate-reader"]
            self.content_type = answer.headers["content-type"]
            self.opened = time.monotonic()
            self._opened.set()
            async for part in answer.aiter_bytes():
                self.parts.append(part)
                self.arrivals.append(time.monotonic())
        self.ended = True

    @property
    def data(self) -> bytes:
        """The samples as bytes, without the header."""
        whole = b"".join(self.parts)
        return whole[HEADER:] if self.format == "wav" else whole

    def samples(self) -> numpy.ndarray:
        """Mono int16 at `rate`, all that came."""
        if self.format == "wav":
            whole = b"".join(self.parts)
            if len(whole) <= HEADER:
                return numpy.zeros(0, dtype=numpy.int16)
            file = wav.read(whole)
            assert (file.rate, file.channels) == (self.rate, 1)
            return file.samples
        data = self.data
        return numpy.frombuffer(data[:len(data) // 2 * 2], dtype="<i2")

    @property
    def ms(self) -> float:
        """How much audio came."""
        length = sum(map(len, self.parts)) - (HEADER if self.format == "wav" else 0)
        return max(0, length) / 2 * 1000 / self.rate

    async def gets(self, milliseconds: float) -> None:
        """Waits until so much more has come."""
        wanted = self.ms + milliseconds

        async def look() -> bool:
            return self.ms >= wanted

        await until(look, f"{milliseconds} ms more at a reader")

    async def gets_all(self) -> None:
        """Waits until all has come that the service has sent until now."""
        async def look() -> bool:
            shown = done(await self._http.get(f"/v1/sessions/{self._session}/audio-input"))["readers"]
            [sent] = [one["sent_ms"] for one in shown if one["id"] == self.id]
            # The resampler keeps a few milliseconds back.
            return self.ms > sent - FRAME_MS

        await until(look, "the rest of what was sent")

    async def until_ended(self, timeout: float = 30) -> None:
        """Waits until the service ends the answer."""
        await asyncio.wait_for(asyncio.shield(self._task), timeout)

    async def close(self) -> None:
        """Goes away, as a client does that has enough."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
