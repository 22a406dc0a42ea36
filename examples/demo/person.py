"""Somebody in the room: LiveKit's official SDK, a microphone with a tone, an ear for the agent, and a diary."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

import numpy
from livekit import rtc

import sound

STEP = 0.02
AHEAD = 0.15  # so much is pushed early, so that a moment's hold-up makes no gap


class Clock:
    """The round's seconds, and what a timestamp of the service is among them."""

    def __init__(self) -> None:
        self._start, self._wall = time.monotonic(), time.time()

    @property
    def now(self) -> float:
        return time.monotonic() - self._start

    def of(self, wall: float) -> float:
        return wall - self._wall


@dataclass
class Call:
    """An RPC to the agent: when it was made, and the answer."""

    at: float
    who: str
    method: str
    payload: dict
    answer: dict = field(default_factory=dict)
    answered: float = 0.0


@dataclass
class Notice:
    """`your_turn_to_speak` as it arrived."""

    at: float
    who: str
    payload: str


@dataclass
class News:
    """A message of the topic `turngate.gate`: who is heard from now on."""

    at: float
    heard: list[str]


@dataclass
class Diary:
    """All that happened, in seconds of the round."""

    calls: list[Call] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    said: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    heard: dict[str, list[tuple[float, float, numpy.ndarray]]] = field(default_factory=dict)


class Person:
    """alice or bob."""

    def __init__(self, identity: str, clock: Clock, diary: Diary) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self._clock, self._diary = clock, diary
        self._talks = False
        self._work: set[asyncio.Task] = set()
        self._news = asyncio.Event()
        diary.said[identity], diary.heard[identity] = [], []

    async def join(self, url: str, token: str) -> None:
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", self._data)
        await self.room.connect(url, token)
        # The SDK knows who it is only now; in a browser this comes before `connect`.
        self.room.local_participant.register_rpc_method("your_turn_to_speak", self._told)
        source = rtc.AudioSource(sound.RATE, 1, queue_size_ms=400)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._do(self._sound(source))

    async def leave(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        await self.room.disconnect()

    def check(self) -> None:
        """Passes on what has gone wrong beside the round."""
        for task in self._work:
            if task.done() and not task.cancelled() and task.exception():
                raise task.exception()

    async def talk(self) -> None:
        """Returns when the first sound is on its way."""
        self._talks = True
        await asyncio.sleep(AHEAD)

    async def hush(self) -> None:
        self._talks = False
        await asyncio.sleep(AHEAD)

    async def call(self, method: str, **payload) -> dict:
        """Calls a method of the agent and gives the answer."""
        call = Call(self._clock.now, self.identity, method, payload)
        text = await self.room.local_participant.perform_rpc(
            destination_identity="agent", method=method, payload=json.dumps(payload), response_timeout=5)
        call.answer, call.answered = json.loads(text), self._clock.now
        self._diary.calls.append(call)
        return call.answer

    async def told(self, since: float, seconds: float = 8) -> Notice | None:
        """The first notification after `since`; None when none comes in that time."""
        deadline = self._clock.now + seconds
        while True:
            for notice in self._diary.notices:
                if notice.who == self.identity and notice.at >= since:
                    return notice
            if self._clock.now > deadline:
                return None
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), max(deadline - self._clock.now, 0.001))
            except TimeoutError:
                pass

    def hears_agent(self, since: float = 0) -> bool:
        return any(at >= since and level > 1000 for at, level, _ in self._diary.heard[self.identity][-40:])

    # What the SDK calls.

    def _told(self, data: rtc.RpcInvocationData) -> str:
        self._diary.notices.append(Notice(self._clock.now, self.identity, data.payload))
        self._news.set()
        return "ok"

    def _data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == "turngate.gate" and self.identity == "alice":
            self._diary.news.append(News(self._clock.now, json.loads(packet.data)["heard"]))

    def _subscribed(self, track: rtc.Track, _publication, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == "agent" and track.kind == rtc.TrackKind.KIND_AUDIO:
            self._do(self._listen(track))

    def _do(self, work) -> None:
        self._work.add(asyncio.ensure_future(work))

    async def _listen(self, track: rtc.Track) -> None:
        heard = self._diary.heard[self.identity]
        async for event in rtc.AudioStream(track, sample_rate=sound.RATE, num_channels=1):
            samples = numpy.frombuffer(event.frame.data, dtype=numpy.int16).copy()
            level = float(numpy.sqrt(numpy.mean(samples.astype(float)**2)))
            heard.append((self._clock.now, level, samples))

    async def _sound(self, source: rtc.AudioSource) -> None:
        """Pushes the voice at the pace of the clock, silent while the person is."""
        said = self._diary.said[self.identity]
        count = int(STEP * sound.RATE)
        position, loudness = int(self._clock.now * sound.RATE), 0.0
        while True:
            wanted = 1.0 if self._talks else 0.0
            ramp = numpy.linspace(loudness, wanted, count) if wanted != loudness else wanted
            loudness = wanted
            samples = sound.voice(self.identity, position, count, ramp)
            said.append((position / sound.RATE, float(numpy.sqrt(numpy.mean(samples.astype(float)**2)))))
            await source.capture_frame(rtc.AudioFrame(samples.tobytes(), sound.RATE, 1, count))
            position += count
            await asyncio.sleep(position / sound.RATE - AHEAD - self._clock.now)
