"""The peer of the room lines: an agent with livekit-agents, written as its documentation does.

`python -m livekit.agents start livekit_agent.py` runs it as in production: processes wait warm, and each job
has one to itself. Dispatched with the metadata `call`, the agent also listens to the first participant that speaks
and talks all the time.
"""

from __future__ import annotations

import asyncio
import math
import os

import numpy
from livekit import rtc
from livekit.agents import AgentServer, JobContext

# What AgentSession reads in one piece, and what speech-to-text services take.
HEARD_RATE, HEARD_FRAME_MS = 16_000, 50
# Below it is what a codec makes of silence.
QUIET = 200
# What most voices come with.
SPOKEN_RATE, SPOKEN_FRAME_MS = 24_000, 100

server = AgentServer(
    host="127.0.0.1",
    port=int(os.environ.get("AGENT_PORT", "8081")),
    # A full machine is what is measured: the worker is not to turn jobs away.
    load_threshold=math.inf,
)


@server.rtc_session(agent_name="bench")
async def enter(ctx: JobContext) -> None:
    # Both halves on one connection: what the newer SDKs do by default, and the development room server speaks.
    await ctx.connect(single_peer_connection=True)
    me = ctx.room.local_participant

    @me.register_rpc_method("echo")
    async def echo(call: rtc.RpcInvocationData) -> str:
        return call.payload

    if ctx.job.metadata == "call":
        await talk(ctx)
    await me.set_attributes({"lk.agent.state": "listening"})


async def talk(ctx: JobContext) -> None:
    """Both directions at once, until the room ends."""
    source = rtc.AudioSource(SPOKEN_RATE, 1, queue_size_ms=500)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await ctx.room.local_participant.publish_track(track, options)
    tasks = {asyncio.create_task(speak(source))}
    ear = Ear()

    @ctx.room.local_participant.register_rpc_method("heard")
    async def heard(call: rtc.RpcInvocationData) -> str:
        return str(ear.heard_ms)

    def subscribed(track: rtc.Track, publication: rtc.RemoteTrackPublication, by: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            tasks.add(asyncio.create_task(ear.listen(track)))

    ctx.room.on("track_subscribed", subscribed)
    for participant in ctx.room.remote_participants.values():
        for publication in participant.track_publications.values():
            if publication.track is not None:
                subscribed(publication.track, publication, participant)

    async def stop() -> None:
        for task in tasks:
            task.cancel()

    ctx.add_shutdown_callback(stop)


class Ear:
    """Counts the sound that it hears, as a speech-to-text would take it."""

    def __init__(self) -> None:
        self.heard_ms = 0

    async def listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=HEARD_RATE, num_channels=1, frame_size_ms=HEARD_FRAME_MS)
        async for event in stream:
            if numpy.abs(numpy.frombuffer(event.frame.data, dtype=numpy.int16)).max() > QUIET:
                self.heard_ms += HEARD_FRAME_MS


async def speak(source: rtc.AudioSource) -> None:
    count = SPOKEN_RATE * SPOKEN_FRAME_MS // 1000
    phase = 2 * numpy.pi * 440 * numpy.arange(count) / SPOKEN_RATE
    # 100 ms are 44 whole waves: the tone has no seam.
    tone = (numpy.sin(phase) * 8_000).astype(numpy.int16).tobytes()
    while True:
        await source.capture_frame(rtc.AudioFrame(tone, SPOKEN_RATE, 1, count))
