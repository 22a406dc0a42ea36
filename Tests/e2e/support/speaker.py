"""A client's microphone that says a coded signal, and knows when it said what."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque

import numpy
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

from peers import Peer, WAIT_SECONDS
from support.coded_signal import RATE, coded_signal

FRAME_MS = 10
AHEAD_STEP_MS = 50
# More than the signal needs to be recognised, so that what is lost is lost by those under test.
BITRATE = 64_000
TAKEN_SECONDS = 1.0


class CodedSpeaker:
    """Says its signal in real time, frame by frame, from a thread of its own.

    At the moment `t` (of `time.monotonic`) it has said its signal up to `position(t)`, always, whether
    somebody could hear it or not: while it is silent, muted or not published, time goes on.

    With `ahead_ms` it hands over larger pieces early and the core takes its time with them: that costs much
    less, and its positions are good to some ten milliseconds only. For many speakers on a small machine.
    """

    def __init__(self, peer: Peer, number: int, name: str = "microphone", ahead_ms: int = 0) -> None:
        self._peer, self._name, self._ahead_ms = peer, name, ahead_ms
        self._step_ms = AHEAD_STEP_MS if ahead_ms else FRAME_MS
        self.number = number
        self._signal = coded_signal(number)
        self._signal.samples(0, 1)  # Makes it now, not while it speaks.
        self._silence = numpy.zeros(self._step_ms * RATE // 1000, dtype=numpy.int16)
        self._stop = threading.Event()
        self._loud = threading.Event()
        self._loud.set()
        self._paused = False
        self._lock = threading.Lock()
        self._source: rtc.AudioSource | None = None
        self._thread: threading.Thread | None = None
        self.track: rtc.LocalAudioTrack | None = None
        self.publication: rtc.LocalTrackPublication | None = None
        self.origin = 0.0
        self.frames = 0
        self.late_ms: list[float] = []

    # When it said what

    def position(self, at: float | None = None) -> float:
        """Up to where (ms) it had said its signal at that moment; now if none is given."""
        return ((time.monotonic() if at is None else at) - self.origin) * 1000

    def moment(self, position: float) -> float:
        """When (`time.monotonic`) it had said its signal up to there."""
        return self.origin + position / 1000

    async def reach(self, position: float) -> None:
        """Waits until it has said its signal up to there."""
        while (left := self.moment(position) - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def worst_late_ms(self, begin: float, end: float) -> float:
        """How late at most it said what lies between two positions; positions mean nothing where it was very late."""
        first, last = max(0, int(begin // self._step_ms)), int(end // self._step_ms) + 1
        return max(self.late_ms[first:last], default=0.0)

    # What it does

    async def publish(self) -> "CodedSpeaker":
        """Publishes a new track and speaks on it."""
        # Without a queue each frame is encoded at the moment when it is said.
        source = rtc.AudioSource(RATE, 1, queue_size_ms=2 * self._ahead_ms)
        self.track = rtc.LocalAudioTrack.create_audio_track(self._name, source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)
        options.audio_encoding.max_bitrate = BITRATE
        self.publication = await asyncio.wait_for(self._peer.me.publish_track(self.track, options), WAIT_SECONDS)
        with self._lock:
            self._source = source
        if self._thread is None:
            self.origin = time.monotonic()
            self._thread = threading.Thread(target=self._speak, name=f"speaker-{self.number}", daemon=True)
            self._thread.start()
        return self

    async def unpublish(self) -> None:
        with self._lock:
            self._source = None
        await asyncio.wait_for(self._peer.me.unpublish_track(self.publication.sid), WAIT_SECONDS)

    def mute(self) -> None:
        self.track.mute()

    def unmute(self) -> None:
        self.track.unmute()

    def hush(self) -> None:
        """Goes on sending, but silence."""
        self._loud.clear()

    def talk(self) -> None:
        """Says its signal again."""
        self._loud.set()

    def stall(self) -> None:
        """Sends nothing any more, as a device does that hangs; the track stays as it is."""
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    async def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, WAIT_SECONDS)

    def _speak(self) -> None:
        number, step = 0, self._step_ms
        while not self._stop.is_set():
            # A microphone gives a frame when its last sample has been said.
            due = self.origin + ((number + 1) * step - self._ahead_ms) / 1000
            if (left := due - time.monotonic()) > 0:
                time.sleep(left)
            samples = self._silence
            if self._loud.is_set():
                samples = self._signal.samples(number * step, (number + 1) * step)
            with self._lock:
                if self._source is not None and not self._paused:
                    _captures.capture(self._source, samples)
                    self.frames += 1
            self.late_ms.append((time.monotonic() - due) * 1000)
            number += 1


class _Captures:
    """Hands frames to the SDK from any thread, each after the one before was taken.

    It does what `AudioSource.capture_frame` does, without waiting on an event loop that has other things to
    do. Frames that are handed over together, the core may put in another order.
    """

    RECENT = 256

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[int] = deque(maxlen=self.RECENT)
        self._waiting: dict[int, threading.Event] = {}
        self._is_watching = False

    def capture(self, source: rtc.AudioSource, samples: numpy.ndarray) -> None:
        self._watch()
        # The request has a pointer to the frame, which has to live until it is answered.
        frame = rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples))
        request = ffi_pb2.FfiRequest()
        request.capture_audio_frame.source_handle = source._ffi_handle.handle
        request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
        number = FfiClient.instance.request(request).capture_audio_frame.async_id
        taken = threading.Event()
        with self._lock:
            if number in self._recent:
                return
            self._waiting[number] = taken
        taken.wait(TAKEN_SECONDS)
        with self._lock:
            self._waiting.pop(number, None)
        del frame

    def _watch(self) -> None:
        with self._lock:
            if not self._is_watching:
                self._is_watching = True
                # The filter is called where the event comes in, on the core's thread; it lets nothing through.
                FfiClient.instance.queue.subscribe(asyncio.new_event_loop(), self._see)

    def _see(self, event: ffi_pb2.FfiEvent) -> bool:
        if event.WhichOneof("message") == "capture_audio_frame":
            number = event.capture_audio_frame.async_id
            with self._lock:
                self._recent.append(number)
                taken = self._waiting.get(number)
            if taken is not None:
                taken.set()
        return False


_captures = _Captures()
