"""A client's ear: what it hears of one track, and when it heard it."""

from __future__ import annotations

import asyncio
import time

import numpy
from livekit import rtc

from peers import Peer
from support.coded_signal import RATE

LOUD_RMS = 600.0


class VoiceListener:
    """Listens to a track from now on. Each frame (10 ms) is kept with the moment when it was to be played."""

    def __init__(self, track: rtc.RemoteAudioTrack) -> None:
        self._stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        self.frames: list[numpy.ndarray] = []
        self.arrivals: list[float] = []
        self._news = asyncio.Event()
        self._task = asyncio.ensure_future(self._listen())

    @classmethod
    async def to(cls, peer: Peer, identity: str = "agent", since: int = 0, timeout: float = 30) -> "VoiceListener":
        """Listens to the first audio track of somebody, as soon as the peer gets it."""
        track, _, _ = await peer.event(
            "track_subscribed", lambda track, _, who: who.identity == identity and isinstance(track, rtc.RemoteAudioTrack),
            since=since, timeout=timeout)
        return cls(track)

    async def _listen(self) -> None:
        async for event in self._stream:
            self.arrivals.append(time.monotonic())
            self.frames.append(numpy.frombuffer(event.frame.data, dtype=numpy.int16).copy())
            self._news.set()

    def mark(self) -> int:
        """A place in what was heard, for the other questions."""
        return len(self.frames)

    def heard(self, since: int = 0, until: int | None = None) -> numpy.ndarray:
        """The sound, mono int16 at `RATE`."""
        frames = self.frames[since:until]
        return numpy.concatenate(frames) if frames else numpy.zeros(0, dtype=numpy.int16)

    def loud(self, since: int = 0) -> list[int]:
        """Which frames are loud."""
        return [at for at in range(since, len(self.frames)) if loudness(self.frames[at]) >= LOUD_RMS]

    def arrival(self, at_ms: float, since: int = 0) -> float:
        """When the sound at that place (ms after `since`) was handed to the player."""
        passed = 0.0
        for frame, arrival in zip(self.frames[since:], self.arrivals[since:]):
            length = len(frame) * 1000 / RATE
            if passed + length > at_ms:
                return arrival
            passed += length
        raise AssertionError(f"nothing was heard {at_ms} ms after frame {since}")

    async def until(self, condition, what: str, timeout: float = 30) -> None:
        """Waits for a condition that is looked at with each frame."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never heard: {what}") from None

    async def first_loud(self, since: int = 0, timeout: float = 30) -> float:
        """When the first loud frame came."""
        await self.until(lambda: self.loud(since), "a loud frame", timeout)
        return self.arrivals[self.loud(since)[0]]

    async def close(self) -> None:
        await self._stream.aclose()
        await self._task


def loudness(samples: numpy.ndarray) -> float:
    """The effective value."""
    return float(numpy.sqrt(numpy.mean(samples.astype(float) ** 2))) if len(samples) else 0.0
