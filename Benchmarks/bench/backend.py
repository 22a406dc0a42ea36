"""A user's backend during a call: reads what the gate lets through, and has the agent talk."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager

import httpx
import numpy

from bench.agents import Ours
from bench.clients import QUIET

#: What the peer (`Benchmarks/peers/livekit_agent.py`) takes and plays as well.
HEARD_RATE, SPOKEN_RATE, SPOKEN_FRAME_MS = 16_000, 24_000, 100
AHEAD_SECONDS = 0.5
_ENDLESS = httpx.Timeout(30, read=None)


class Backend:
    """Of one session, for as long as the call lasts."""

    def __init__(self, turngate: Ours, session: dict) -> None:
        self._http, self._path = turngate.http, f"/v1/sessions/{session['id']}"
        self._stopped = asyncio.Event()
        self.heard_ms = 0.0

    async def listen(self) -> None:
        options = {"format": "pcm", "sample_rate": HEARD_RATE}
        async with self._http.stream("GET", f"{self._path}/audio-input/stream", params=options, timeout=_ENDLESS) as answer:
            if answer.status_code != 200:
                raise RuntimeError(f"no audio: {answer.status_code} {await answer.aread()}")
            rest = b""
            async for part in answer.aiter_bytes():
                part = rest + part
                whole = len(part) // 2 * 2
                samples, rest = numpy.frombuffer(part[:whole], dtype="<i2"), part[whole:]
                if numpy.abs(samples).max(initial=0) > QUIET:
                    self.heard_ms += len(samples) * 1000 / HEARD_RATE

    async def speak(self) -> None:
        """As a text-to-speech in a hurry: always a little ahead of what is played."""
        answer = await self._http.post(
            f"{self._path}/speech", content=self._tone(), timeout=_ENDLESS,
            headers={"Content-Type": f"audio/L16;rate={SPOKEN_RATE}"})
        if answer.status_code != 201:
            raise RuntimeError(f"no speech: {answer.status_code} {answer.text}")

    async def _tone(self):
        count = SPOKEN_RATE * SPOKEN_FRAME_MS // 1000
        # 100 ms are 44 whole waves: the tone has no seam.
        tone = (numpy.sin(2 * numpy.pi * 440 * numpy.arange(count) / SPOKEN_RATE) * 8_000).astype(">i2").tobytes()
        due = time.monotonic() - AHEAD_SECONDS
        while not self._stopped.is_set():
            yield tone
            due += SPOKEN_FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def stop(self) -> None:
        self._stopped.set()


@asynccontextmanager
async def backend(turngate: Ours, session: dict):
    """Listening and talking from here on."""
    running = Backend(turngate, session)
    tasks = [asyncio.create_task(running.listen()), asyncio.create_task(running.speak())]
    try:
        yield running
        if any(task.done() for task in tasks):
            raise RuntimeError("the call ended by itself")
    finally:
        running.stop()
        for task in tasks:
            if task.done():
                task.result()
        # The speech has to be played to its end; the stream ends with the session, or here.
        await asyncio.wait(tasks[1:], timeout=10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
