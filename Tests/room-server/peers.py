"""Clients for the tests: the official SDK, with its events kept so that a test can wait for one."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable

import numpy
from livekit import api, rtc

from server_process import KEY, SECRET, ServerProcess

# Until a wait fails; a machine that has other things to do takes its time.
WAIT_SECONDS = 30
RATE = 48_000
FRAME_SAMPLES = RATE // 100

EVENTS = (
    "participant_connected", "participant_disconnected", "participant_active",
    "participant_attributes_changed", "participant_metadata_changed", "participant_name_changed",
    "track_published", "track_unpublished", "track_subscribed", "track_unsubscribed",
    "track_muted", "track_unmuted", "active_speakers_changed", "data_received",
    "room_metadata_changed", "reconnecting", "reconnected", "disconnected",
)


def token(
    identity: str, room: str = "", *, kind: str = "standard", key: str = KEY, secret: str = SECRET,
    lifetime: float = 600, attributes: dict[str, str] | None = None, name: str = "", metadata: str = "",
    **grants: object,
) -> str:
    """A token; the grants are those of `VideoGrants`, with `room_join` on unless given."""
    grants.setdefault("room_join", True)
    return (
        api.AccessToken(key, secret)
        .with_identity(identity)
        .with_name(name)
        .with_kind(kind)
        .with_metadata(metadata)
        .with_attributes(attributes or {})
        .with_ttl(datetime.timedelta(seconds=lifetime))
        .with_grants(api.VideoGrants(room=room, **grants))
        .to_jwt()
    )


class Peer:
    """A client in a room. Every event is kept with its arguments, in order."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self.events: list[tuple[str, tuple]] = []
        self._news = asyncio.Event()
        self._work: set[asyncio.Task] = set()
        for name in EVENTS:
            self.room.on(name, lambda *arguments, name=name: self._happened(name, arguments))

    @property
    def me(self) -> rtc.LocalParticipant:
        return self.room.local_participant

    async def join(self, server: ServerProcess, jwt: str, **options: object) -> "Peer":
        await asyncio.wait_for(self.room.connect(server.url, jwt, rtc.RoomOptions(**options)), WAIT_SECONDS)
        return self

    async def leave(self) -> None:
        for task in self._work:
            task.cancel()
        await asyncio.wait_for(self.room.disconnect(), WAIT_SECONDS)

    def mark(self) -> int:
        """A place in the events, to wait for something that comes after it."""
        return len(self.events)

    async def event(
        self, name: str, accept: Callable[..., bool] = lambda *_: True, since: int = 0, timeout: float = WAIT_SECONDS
    ) -> tuple:
        """The arguments of the first event of that name (after `since`) that is accepted."""
        async with asyncio.timeout(timeout):
            while True:
                for happened, arguments in self.events[since:]:
                    if happened == name and accept(*arguments):
                        return arguments
                self._news.clear()
                await self._news.wait()

    async def until(self, condition: Callable[[], bool], timeout: float = WAIT_SECONDS) -> None:
        """Waits for a condition that the SDK has no event for."""
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.01)

    async def sees_active(self, identity: str) -> rtc.RemoteParticipant:
        active = rtc.ParticipantState.PARTICIPANT_STATE_ACTIVE
        await self.until(lambda: identity in self.room.remote_participants
                         and self.room.remote_participants[identity].state == active)
        return self.room.remote_participants[identity]

    def do(self, work) -> asyncio.Task:
        """Runs work beside the test until the peer leaves."""
        task = asyncio.ensure_future(work)
        self._work.add(task)
        return task

    def _happened(self, name: str, arguments: tuple) -> None:
        self.events.append((name, arguments))
        self._news.set()


class Tone:
    """A microphone that plays a tone for as long as it is published."""

    def __init__(self, peer: Peer, frequency: float, name: str = "microphone") -> None:
        self._peer, self._frequency = peer, frequency
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
        self.track = rtc.LocalAudioTrack.create_audio_track(name, self._source)
        self.publication: rtc.LocalTrackPublication | None = None

    async def publish(self) -> "Tone":
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self.publication = await asyncio.wait_for(self._peer.me.publish_track(self.track, options), WAIT_SECONDS)
        self._peer.do(self._play())
        return self

    async def _play(self) -> None:
        position = 0
        while True:
            phase = 2 * numpy.pi * self._frequency * numpy.arange(position, position + FRAME_SAMPLES) / RATE
            samples = (numpy.sin(phase) * 10_000).astype(numpy.int16)
            position += FRAME_SAMPLES
            await self._source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, FRAME_SAMPLES))


class Ear:
    """Listens to one track and says what it heard."""

    def __init__(self, track: rtc.RemoteAudioTrack) -> None:
        self._stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)

    async def listen(self, seconds: float) -> numpy.ndarray:
        """The next samples, as many as that time has."""
        parts: list[numpy.ndarray] = []
        wanted = int(seconds * RATE)
        async with asyncio.timeout(WAIT_SECONDS):
            while sum(len(part) for part in parts) < wanted:
                event = await self._stream.__anext__()
                parts.append(numpy.frombuffer(event.frame.data, dtype=numpy.int16))
        return numpy.concatenate(parts)[:wanted]

    async def hears(self, frequency: float, attempts: int = 100) -> bool:
        """Listens piece by piece until the tone is there; False if it does not come."""
        for _ in range(attempts):
            if abs(loudest_frequency(await self.listen(0.2)) - frequency) <= 10:
                return True
        return False

    async def hears_silence(self, attempts: int = 100) -> bool:
        for _ in range(attempts):
            if numpy.abs(await self.listen(0.2)).max() < 100:
                return True
        return False

    async def hears_nothing_more(self, seconds: float = 0.5) -> bool:
        """True once no frame has come for that long: the track has no source any more."""
        for _ in range(20):
            try:
                async with asyncio.timeout(seconds):
                    await self.listen(seconds)
            except TimeoutError:
                return True
        return False

    async def close(self) -> None:
        await self._stream.aclose()


def loudest_frequency(samples: numpy.ndarray) -> float:
    """The frequency (Hz) with the most energy; 0 where there is next to none."""
    if numpy.abs(samples).max() < 500:
        return 0.0
    spectrum = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))
