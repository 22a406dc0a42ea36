"""`python -m bench.clients [--talk] URL TOKEN…`: participants of rooms, one per token, until the process is stopped.

Each answers `your_turn_to_speak`. With `--talk` each publishes a tone all the time and listens to what is published.
Says `in` when all are in; to each line on stdin the milliseconds of sound that each has heard, as a JSON list.

Processes of their own, because the SDK passes every event to every room of its process.
"""

from __future__ import annotations

import asyncio
import json
import sys

import numpy
from livekit import rtc

METHOD = "your_turn_to_speak"
RATE, FRAME_MS = 48_000, 20
# Below it is what a codec makes of silence.
QUIET = 200


class Client:
    """One participant."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.heard_ms = 0.0
        self._work: set[asyncio.Task] = set()

    async def join(self, url: str, token: str, talks: bool) -> None:
        if talks:
            self.room.on("track_subscribed", lambda track, *_: self._do(self._listen(track)))
        await self.room.connect(url, token)
        self.room.local_participant.register_rpc_method(METHOD, _ready)
        if talks:
            await self._talk()

    async def _talk(self) -> None:
        source = rtc.AudioSource(RATE, 1, queue_size_ms=200)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._do(self._play(source))

    async def _play(self, source: rtc.AudioSource) -> None:
        count = RATE * FRAME_MS // 1000
        # 20 ms are eight whole waves: the tone has no seam.
        tone = (numpy.sin(2 * numpy.pi * 400 * numpy.arange(count) / RATE) * 8_000).astype(numpy.int16).tobytes()
        while True:
            await source.capture_frame(rtc.AudioFrame(tone, RATE, 1, count))

    async def _listen(self, track: rtc.Track) -> None:
        async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=100):
            if numpy.abs(numpy.frombuffer(event.frame.data, dtype=numpy.int16)).max(initial=0) > QUIET:
                self.heard_ms += event.frame.samples_per_channel * 1000 / RATE

    def _do(self, work) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)


async def _ready(call: rtc.RpcInvocationData) -> str:
    return "ok"


async def main(arguments: list[str]) -> None:
    talks = arguments[0] == "--talk"
    url, *tokens = arguments[1:] if talks else arguments
    clients = [Client() for _ in tokens]
    await asyncio.gather(*(client.join(url, token, talks) for client, token in zip(clients, tokens)))
    print("in", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps([client.heard_ms for client in clients]), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
