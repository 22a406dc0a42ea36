"""A participant with LiveKit's official Python SDK that makes and hears sound,
driven by JSON lines like official_peer.py.

It plays `steps` (each 100 ms another tone of SCALE, so that what is lost, or
comes twice, shows), tones and edges, and keeps for each 20 ms that it hears
when it came, how loud it was and which tone was in it. Times are milliseconds
of its monotonic clock.
"""
import array, asyncio, json, math, sys, time

from livekit import rtc

RATE = 48_000
SCALE = [400, 600, 800, 1000, 1200, 1400, 1600, 1800]
LOUD = 1_000
room = None  # made inside the event loop, to which it is tied
source = track = publication = player = None
heard: list[tuple[float, int, int]] = []
marks: list[float] = []
tasks = set()


def tell(**line):
    print(json.dumps(line), flush=True)


def now():
    return time.monotonic() * 1000


def tone(hz, ms, start=0, amplitude=12_000):
    count, step = RATE * ms // 1000, 2 * math.pi * hz / RATE
    return array.array("h", (int(amplitude * math.sin((start + n) * step)) for n in range(count)))


def frame(samples):
    return rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples))


async def play_steps(count):
    """`count` tones of 100 ms, up the scale and again."""
    sounds = [tone(hz, 100) for hz in SCALE]
    for number in range(count):
        for at in range(0, len(sounds[0]), RATE // 100):
            await source.capture_frame(frame(sounds[number % len(SCALE)][at : at + RATE // 100]))
    await source.wait_for_playout()


async def play_tone(hz, ms):
    for begin in range(0, ms, 10):
        await source.capture_frame(frame(tone(hz, 10, begin * RATE // 1000)))
    await source.wait_for_playout()


async def play_edges(count, to):
    """What a microphone gives: 10 ms at a time when they are over. Every second
    of it begins with 200 ms of sound, and a packet is sent at that moment."""
    silence, loud = frame(array.array("h", bytes(960))), frame(tone(1000, 10))
    begin = now() + 20
    for number in range(count * 100 + 100):
        at = begin + number * 10
        phase = (number - 100) % 97
        if number >= 100 and phase == 0:
            await asyncio.sleep(max(0, (at - now()) / 1000))
            tasks.add(asyncio.ensure_future(room.local_participant.publish_data(b"now", topic="edge")))
        await asyncio.sleep(max(0, (at + 10 - now()) / 1000))
        await source.capture_frame(loud if number >= 100 and phase < 20 else silence)


def power(samples, hz):
    """How much of a tone there is in every fourth of the samples (Goertzel)."""
    s1 = s2 = 0.0
    coefficient = 2 * math.cos(2 * math.pi * hz * 4 / RATE)
    for x in samples:
        s1, s2 = x + coefficient * s1 - s2, s1
    return s1 * s1 + s2 * s2 - coefficient * s1 * s2


def pitch(samples):
    """The tone of SCALE that is strongest in it."""
    few = samples[::4]
    return max(SCALE, key=lambda hz: power(few, hz))


async def hear(remote):
    stream = rtc.AudioStream(remote, sample_rate=RATE, num_channels=1, frame_size_ms=20)
    async for event in stream:
        at = now()
        samples = array.array("h", bytes(event.frame.data))
        peak = max(abs(x) for x in samples[::3])
        heard.append((at, peak, pitch(samples) if peak > LOUD else 0))
    await stream.aclose()


def listen():
    def subscribed(remote, _, who):
        if remote.kind == rtc.TrackKind.KIND_AUDIO:
            tell(event="subscribed", who=who.identity, text=remote.sid)
            task = asyncio.ensure_future(hear(remote))
            tasks.add(task)
    room.on("track_subscribed", subscribed)
    room.on("track_muted", lambda who, p: tell(event="muted", who=who.identity))
    room.on("track_unmuted", lambda who, p: tell(event="unmuted", who=who.identity))
    room.on("data_received", lambda packet: marks.append(now()))
    room.on("reconnected", lambda: tell(event="reconnected"))


async def do(line):
    global source, track, publication, player
    what, me = line["do"], room.local_participant if room.isconnected() else None
    if what == "connect":
        await room.connect(line["url"], line["token"])
    elif what == "publish":
        source = rtc.AudioSource(RATE, 1, queue_size_ms=int(line.get("queue", "200")))
        track = rtc.LocalAudioTrack.create_audio_track("mic", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        publication = await me.publish_track(track, options)
        return publication.sid
    elif what == "unpublish":
        await me.unpublish_track(publication.sid)
    elif what == "steps":
        await play_steps(int(line["count"]))
    elif what == "tone":
        await play_tone(int(line["hz"]), int(line["ms"]))
    elif what == "edges":
        await play_edges(int(line["count"]), line.get("to"))
    elif what == "mute":
        track.mute()
    elif what == "unmute":
        track.unmute()
    elif what == "heard":
        return json.dumps({"frames": [list(each) for each in heard], "marks": marks})
    elif what == "forget":
        heard.clear()
        marks.clear()
    elif what == "leave":
        await room.disconnect()
    else:
        raise ValueError(what)
    return ""


async def answer(line):
    try:
        tell(id=line["id"], ok=await do(line))
    except Exception as error:
        tell(id=line["id"], code=0, message=repr(error), data=None)


async def main():
    global room
    room = rtc.Room()
    listen()
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tell(event="ready")
    while line := await reader.readline():
        task = asyncio.ensure_future(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
