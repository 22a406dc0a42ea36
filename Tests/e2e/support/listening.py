"""A client that hears the agent, and what the agent is given to say."""

from __future__ import annotations

import asyncio
import time

from support import wav
from support.answers import done
from support.coded_signal import RATE, coded_signal
from support.decoder import Timeline, decode
from support.listener import LOUD_RMS, VoiceListener, loudness

WAV = {"Content-Type": "audio/wav"}
METHOD = "your_turn_to_speak"
# How long after a test's begin a speech may be heard on a busy machine.
REACH_MS = 20_000


def speech(number: int, milliseconds: float, begin: float = 0) -> bytes:
    """A WAV file with a coded signal."""
    return wav.write(coded_signal(number).samples(begin, begin + milliseconds), RATE)


class Listening:
    """A session with a client that hears the agent and notes when it is told that it is its turn."""

    def __init__(self, http, session: dict, peer) -> None:
        self.http, self.session, self.peer = http, session, peer
        self.ear: VoiceListener | None = None
        self.told: asyncio.Queue[float] = asyncio.Queue()
        peer.me.register_rpc_method(METHOD, self._take)

    async def _take(self, _) -> str:
        self.told.put_nowait(time.monotonic())
        return "ok"

    def url(self, *parts: str) -> str:
        return "/".join([f"/v1/sessions/{self.session['id']}", *parts])

    async def say(self, body, status: int = 201, headers: dict = WAV, **parameters) -> dict:
        return done(await self.http.post(self.url("speech"), content=body, headers=headers, params=parameters), status)

    async def listen(self) -> "Listening":
        """Has the agent say something, so that its track is there, and listens to it."""
        said = asyncio.ensure_future(self.say(speech(99, 300), wait_ms=5000))
        self.ear = await VoiceListener.to(self.peer)
        await said
        await self.next_told()
        await self.silence()
        return self

    async def next_told(self, seconds: float = 30) -> float:
        return await asyncio.wait_for(self.told.get(), seconds)

    async def silence(self, milliseconds: float = 120) -> None:
        """Waits until it has heard nothing loud for that long."""
        deadline = time.monotonic() + 30
        while any(loudness(frame) >= LOUD_RMS for frame in self.ear.frames[-round(milliseconds / 10):]):
            assert time.monotonic() < deadline, "the agent does not stop"
            await asyncio.sleep(0.02)

    def heard(self, number: int, since: int, gain: float = 1) -> Timeline:
        """What there is of a speech, louder by `gain`."""
        return decode(self.ear.heard(since).astype(float) * gain, RATE, number, 0, REACH_MS)

    async def hears(self, number: int, since: int, until_ms: float, seconds: float = 30) -> Timeline:
        """What it has heard of a speech once it has heard it up to there: on a busy machine that may be well after it was
        told that the speech is over."""
        deadline = time.monotonic() + seconds
        while True:
            await self.silence()
            timeline = self.heard(number, since)
            if timeline.signal and timeline.last >= until_ms:
                return timeline
            assert time.monotonic() < deadline, f"not heard up to {until_ms} ms: {timeline}"
            await asyncio.sleep(0.1)
