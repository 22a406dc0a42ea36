"""What the agent says: played while it comes in, stopped at once, measured at a listener's ear; and bad audio.

Speeches are coded signals, so that what a listener heard can be told to the millisecond.
"""

import asyncio
import struct
import time

import httpx
import numpy
import pytest

from support import wav
from support.answers import assert_no_hole, done, history, problem, put_state, until
from support.coded_signal import RATE, coded_signal
from support.decoder import Timeline, decode
from support.figures import spread
from support.listener import LOUD_RMS, VoiceListener, loudness
from support.processes import resident_kib
from support.sockets import send_raw
from support.turns import audio_policy, get_session
from test_rpc import together
from test_turn_notifications import METHOD

SPEECHES, SPEECH_MS = 30, 600
WAV = {"Content-Type": "audio/wav"}
MEDIAN_MS, SPREAD_MS = 15.0, 40.0
INTERRUPT_MS, PLAYED_MS = 100.0, 60.0
VOICE = "agent-voice"


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

    async def next_told(self, seconds: float = 10) -> float:
        return await asyncio.wait_for(self.told.get(), seconds)

    async def silence(self, milliseconds: float = 120) -> None:
        """Waits until it has heard nothing loud for that long."""
        deadline = time.monotonic() + 10
        while any(loudness(frame) >= LOUD_RMS for frame in self.ear.frames[-round(milliseconds / 10):]):
            assert time.monotonic() < deadline, "the agent does not stop"
            await asyncio.sleep(0.02)

    def heard(self, number: int, since: int) -> Timeline:
        return decode(self.ear.heard(since), RATE, number, 0, 8000)


@pytest.fixture
async def listening(http, room_server, make_session, room):
    """`await listening(name, policy…)`: a session in a room of its own, and its listener."""
    from peers import Peer, token

    peers, made = [], []

    async def make(name: str = "one", **policy) -> Listening:
        own = f"{room}-{name}"
        session = await make_session(room=own, turn_policy=audio_policy(notify_on=["listening"]) | policy)

        async def enter(server, identity: str) -> Peer:
            peers.append(Peer(identity))
            return await peers[-1].join(server, token(identity, own))

        [alice] = await together(http, session, room_server, enter, "alice")
        made.append(Listening(http, session, alice))
        return await made[-1].listen()

    yield make
    for one in made:
        if one.ear is not None:
            await one.ear.close()
    for peer in peers:
        await peer.leave()


# The hand-over

class Offsets:
    """When the notification came, after the last sound that was heard."""

    def __init__(self) -> None:
        self.from_loud: list[float] = []
        self.from_signal: list[float] = []
        self.kept: list[tuple[int, int, float]] = []

    def keep(self, since: int, until: int, told: float) -> None:
        self.kept.append((since, until, told))

    def measure(self, one: Listening, number: int) -> None:
        """After the run, since decoding takes the machine's time."""
        for since, until, told in self.kept:
            loud = [at for at in range(since, until) if loudness(one.ear.frames[at]) >= LOUD_RMS]
            assert loud, "a speech was not heard"
            self.from_loud.append((told - one.ear.arrivals[loud[-1]]) * 1000)
            timeline = decode(one.ear.heard(since, until), RATE, number, 0, 3000)
            assert timeline.signal and timeline.last > SPEECH_MS - 60, str(timeline)
            last = one.ear.arrival(timeline.signal[-1].end - 1, since)
            self.from_signal.append((told - last) * 1000)


async def hand_over(one: Listening, number: int) -> Offsets:
    """Speaks again and again, each time once all is quiet."""
    offsets = Offsets()
    for _ in range(SPEECHES):
        since = one.ear.mark()
        await one.say(speech(number, SPEECH_MS), wait_ms=5000)
        told = await one.next_told()
        await asyncio.sleep(0.15)
        await one.silence()
        offsets.keep(since, one.ear.mark(), told)
    return offsets


async def test_handOver_comesWhenTheListenerHasHeardTheEnd_thirtyTimes(listening, quiet, figures):
    heard, sent = await listening("heard", align="heard"), await listening("sent", align="sent")
    quiet.restart()
    by_heard, by_sent = await asyncio.gather(hand_over(heard, 11), hand_over(sent, 12))
    was_quiet, words = quiet.is_quiet, quiet.words()
    by_heard.measure(heard, 11)
    by_sent.measure(sent, 12)
    for name, offsets in (("heard", by_heard), ("sent", by_sent)):
        figures(f'hand-over, "align": "{name}"', f"{METHOD} after the last loud frame: {spread(offsets.from_loud)}; "
                f"after the last frame with the speech in it: {spread(offsets.from_signal)}; {words}")
    values = by_heard.from_loud
    near = sum(abs(value) <= SPREAD_MS for value in values)
    if was_quiet:
        assert abs(numpy.median(values)) <= MEDIAN_MS, values
        assert near >= 0.9 * SPEECHES, values
    # What it is about: not before the end was heard, as "sent" is.
    assert numpy.median(by_sent.from_loud) < numpy.median(values)


# From the first frame to the end

async def test_speech_isHeardWholeAndShownAsSpeaking(listening):
    one = await listening()
    before = len(await history(one.http, one.session["id"]))
    since = one.ear.mark()
    said = await one.say(speech(13, 500), wait_ms=5000)
    assert said["id"].startswith("spc_") and said["status"] == "completed"
    assert abs(said["duration_ms"] - 500) <= 20 and abs(said["played_ms"] - 500) <= 20
    assert said["created_at"] <= said["started_at"] <= said["ended_at"]
    await one.next_told()
    await one.silence()
    timeline = one.heard(13, since)
    assert not [gap for gap in timeline.gaps if not gap.concealed and gap.length > 15], str(timeline)
    assert timeline.first <= 40 and timeline.last >= 480, str(timeline)
    rows = await history(one.http, one.session["id"])
    assert_no_hole(rows)
    assert [(row["new_state"], row["cause"]) for row in rows[before:]] == [("speaking", "playout"), ("listening", "playout")]
    assert 400 <= rows[before]["dwell_ms"] <= 3000


async def test_track_isPublishedAtTheFirstSpeechAndMutedInBetween(http, room_server, join, room, make_session):
    session = await make_session(turn_policy=audio_policy())
    [alice] = await together(http, session, room_server, join, "alice")
    agent = alice.room.remote_participants["agent"]
    assert not agent.track_publications
    since = alice.mark()
    url, waiting = f"/v1/sessions/{session['id']}/speech", {"wait_ms": 5000}
    answer = await http.post(url, content=speech(14, 200), headers=WAV, params=waiting)
    assert done(answer, 201)["status"] == "completed"
    _, publication, _ = await alice.event("track_subscribed", since=since)
    assert publication.name == VOICE
    await alice.until(lambda: publication.muted)
    since = alice.mark()
    speaking = asyncio.ensure_future(http.post(url, content=speech(14, 400), headers=WAV, params=waiting))
    await alice.event("track_unmuted", since=since)
    await alice.event("track_muted", since=since)
    assert done(await speaking, 201)["status"] == "completed"
    assert len(agent.track_publications) == 1


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16_000, 1), (22_050, 1), (24_000, 2), (44_100, 2), (48_000, 2)])
async def test_speechOfAnyCommonForm_isHeardWhole(listening, rate, channels):
    one = await listening()
    for form in ("wav", "L16"):
        since = one.ear.mark()
        # Of half a second at 48 kHz, at the other rate, by the spectrum.
        whole = coded_signal(15).samples(0, 500).astype(float)
        count = rate // 2
        low = numpy.fft.irfft(numpy.fft.rfft(whole)[:count // 2 + 1], count) * count / len(whole)
        samples = numpy.rint(low).astype(numpy.int16)
        if channels == 2:
            samples = numpy.repeat(samples[:, None], 2, axis=1)
        body = wav.write(samples, rate, channels) if form == "wav" else samples.astype(">i2").tobytes()
        headers = WAV if form == "wav" else {"Content-Type": f"audio/L16;rate={rate};channels={channels}"}
        said = await one.say(body, headers=headers, wait_ms=5000)
        assert said["status"] == "completed" and abs(said["duration_ms"] - 500) <= 20, said
        await one.next_told()
        await one.silence()
        timeline = one.heard(15, since)
        assert timeline.signal and timeline.first <= 40 and timeline.last >= 470, (form, str(timeline))


async def test_stereo_isMixedToOne(listening):
    one = await listening()
    since = one.ear.mark()
    both = numpy.stack([coded_signal(16).samples(0, 500), coded_signal(17).samples(0, 500)], axis=1)
    await one.say(wav.write(both, RATE, 2), wait_ms=5000)
    await one.silence()
    for number in (16, 17):
        # Half as loud each, so doubled for the decoder.
        timeline = decode(one.ear.heard(since).astype(float) * 2, RATE, number, 0, 3000)
        assert timeline.total("signal") > 350, (number, str(timeline))


# While it comes in

async def real_time(number: int, milliseconds: float, marks: list[float]):
    """The file at the pace at which it is played, 20 ms at a time, with when each part went out."""
    begun = time.monotonic()
    yield wav.header(RATE, 1, 0xFFFFFFFF)
    for at in range(0, int(milliseconds), 20):
        if (left := begun + (at + 20) / 1000 - time.monotonic()) > 0:
            await asyncio.sleep(left)
        marks.append(time.monotonic())
        yield coded_signal(number).samples(at, at + 20).astype("<i2").tobytes()


async def test_uploadAtRealTimePace_isHeardBeforeItEnds(listening, quiet, figures):
    one = await listening()
    since, marks = one.ear.mark(), []
    quiet.restart()
    said = await one.say(real_time(18, 2000, marks), wait_ms=5000)
    await one.next_told()
    await one.silence()
    first = await one.ear.first_loud(since)
    figures("speech, upload at real-time pace", f"first loud frame heard {(first - marks[0]) * 1000:.0f} ms after the "
            f"first sound was sent, {(marks[-1] - first) * 1000:.0f} ms before the upload's end; {quiet.words()}")
    assert first < marks[-1], "it was only played once it was there"
    assert said["status"] == "completed" and abs(said["duration_ms"] - 2000) <= 20
    timeline = one.heard(18, since)
    missing = sum(end - begin for begin, end in timeline.missing(40, 1960))
    assert missing <= 20 or not quiet.is_quiet, str(timeline)


async def test_uploadSlowerThanPlayout_waitsForMoreAndLosesNothing(listening):
    """A text-to-speech that falters: the speech has a hole in it, and all that was said."""
    one = await listening()
    since = one.ear.mark()

    async def faltering():
        yield wav.header(RATE, 1, 0xFFFFFFFF)
        yield coded_signal(19).samples(0, 300).astype("<i2").tobytes()
        await asyncio.sleep(0.8)
        yield coded_signal(19).samples(300, 600).astype("<i2").tobytes()

    said = await one.say(faltering(), wait_ms=5000)
    await one.next_told()
    await one.silence()
    assert said["status"] == "completed" and abs(said["played_ms"] - 600) <= 20, said
    timeline = one.heard(19, since)
    assert sum(end - begin for begin, end in timeline.missing(40, 570)) <= 60, str(timeline)


async def test_interrupt_isHeardAtOnceAndSaysHowMuchWasPlayed(listening, quiet, figures):
    one = await listening()
    runs, quiet_each = [], []
    for number in range(8):
        since = one.ear.mark()
        quiet.restart()
        saying = asyncio.ensure_future(one.say(speech(20, 3000), wait_ms=6000))
        await one.ear.first_loud(since)
        await asyncio.sleep(0.25 + 0.07 * number)
        asked = time.monotonic()
        answer = done(await one.http.post(one.url("interrupt")))
        said = await asyncio.wait_for(saying, 5)
        await one.next_told()
        await asyncio.sleep(0.25)
        quiet_each.append(quiet.is_quiet)
        assert answer["interrupted"] is True and answer["speech_id"] == said["id"]
        assert said["status"] == "interrupted" and said["played_ms"] == answer["played_ms"]
        runs.append((since, one.ear.mark(), asked, answer["played_ms"]))
    tails, errors = [], []
    for since, until, asked, played in runs:
        timeline = decode(one.ear.heard(since, until), RATE, 20, 0, 5000)
        loud = [at for at in range(since, until) if loudness(one.ear.frames[at]) >= LOUD_RMS]
        tails.append((one.ear.arrivals[loud[-1]] - asked) * 1000)
        errors.append(played - timeline.last)
    figures("speech, interrupt", f"last loud frame {spread(tails)} after the call; played_ms {spread(errors)} off what "
            f"was heard; {quiet.words()}")
    for tail, error, was_quiet in zip(tails, errors, quiet_each):
        if was_quiet:
            assert tail <= INTERRUPT_MS, tails
        assert abs(error) <= PLAYED_MS or not was_quiet, errors


async def test_interruptOfNothing_saysSo(listening):
    one = await listening()
    answer = done(await one.http.post(one.url("interrupt")))
    assert answer["interrupted"] is False and answer["speech_id"] is None
    assert (await get_session(one.http, one.session["id"]))["agent_state"] == "listening"


async def test_secondSpeech_waitsForTheFirst(listening):
    one = await listening()
    since, before = one.ear.mark(), len(await history(one.http, one.session["id"]))
    first = await one.say(speech(21, 500), 202, wait_ms=0)
    second = await one.say(speech(22, 500), 201, wait_ms=5000)
    assert first["status"] in ("queued", "playing") and second["status"] == "completed"
    await one.next_told()
    await one.silence()
    sound = one.ear.heard(since)
    one_after, other = (decode(sound, RATE, number, 0, 3000) for number in (21, 22))
    assert one_after.last >= 470 and other.last >= 470, (str(one_after), str(other))
    assert one_after.signal[-1].end <= other.signal[0].begin + 10
    rows = await history(one.http, one.session["id"])
    states = [row["new_state"] for row in rows[before:]]
    assert states[0] == "speaking" and states[-1] == "listening"
    assert one.told.empty() or states.count("listening") > 1


async def test_interruptingSpeech_takesTheFirstsPlace(listening):
    one = await listening()
    since = one.ear.mark()
    first = asyncio.ensure_future(one.say(speech(23, 3000), wait_ms=6000))
    await one.ear.first_loud(since)
    second = await one.say(speech(24, 400), 201, interrupt="true", wait_ms=5000)
    assert (await first)["status"] == "interrupted" and second["status"] == "completed"
    await one.silence()
    sound = one.ear.heard(since)
    one_after, other = decode(sound, RATE, 23, 0, 5000), decode(sound, RATE, 24, 0, 5000)
    assert one_after.last < 1500 and other.last >= 370


async def test_startTurn_interruptsTheSpeechWhereThePolicyAllowsIt(listening, quiet, figures):
    from support.turns import end, start

    one = await listening()
    since = one.ear.mark()
    saying = asyncio.ensure_future(one.say(speech(25, 3000), wait_ms=6000))
    await one.ear.first_loud(since)
    quiet.restart()
    begun = await start(one.peer)
    assert begun.result["holder"] == "alice"
    assert (await saying)["status"] == "interrupted"
    row = (await history(one.http, one.session["id"]))[-1]
    assert (row["old_state"], row["new_state"], row["cause"], row["turn_id"]) == (
        "speaking", "listening", "rpc", begun.result["turn_id"])
    await asyncio.sleep(0.3)
    tail = (one.ear.arrivals[one.ear.loud(since)[-1]] - begun.asked) * 1000
    figures("speech, interrupted by start_turn", f"last loud frame {tail:.0f} ms after the call; {quiet.words()}")
    assert tail <= INTERRUPT_MS or not quiet.is_quiet
    assert (await end(one.peer, begun.result)).ok


async def test_startTurn_isRefusedWhileTheAgentMayNotBeInterrupted(listening):
    from support.turns import start

    one = await listening(allow_interruptions=False)
    since = one.ear.mark()
    saying = asyncio.ensure_future(one.say(speech(26, 700), wait_ms=6000))
    await one.ear.first_loud(since)
    assert "speaking" in (await start(one.peer)).refused("agent_busy")["error"]
    assert (await saying)["status"] == "completed"
    await one.next_told()
    assert one.heard(26, since).last >= 670
    assert (await start(one.peer)).ok


async def test_sessionThatEndsWhileItSpeaks_settlesTheSpeech(listening):
    one = await listening()
    since = one.ear.mark()
    post = one.http.post(one.url("speech"), content=speech(27, 3000), headers=WAV, params={"wait_ms": 6000})
    saying = asyncio.ensure_future(post)
    await one.ear.first_loud(since)
    done(await one.http.delete(one.url()))
    answer = await asyncio.wait_for(saying, 8)
    if answer.status_code == 201:
        assert answer.json()["status"] in ("interrupted", "failed")
    else:
        problem(answer, 409, "session-not-working")
    problem(await one.http.post(one.url("speech"), content=speech(27, 100), headers=WAV), 409, "session-not-working")


# Bad audio

def chunk(name: bytes, size: int) -> bytes:
    return name + struct.pack("<I", size)


GOOD = speech(28, 100)
BAD = {
    "empty": (b"", WAV, 400, "bad-audio"),
    "text": (b"this is a text and no sound at all, " * 50, WAV, 400, "bad-audio"),
    "json": (b'{"say": "hello"}', WAV, 400, "bad-audio"),
    "header-cut": (GOOD[:30], WAV, 400, "bad-audio"),
    "header-only": (GOOD[:44], WAV, 400, "bad-audio"),
    "no-samples": (wav.header(RATE, 1, 0), WAV, 400, "bad-audio"),
    "truncated": (wav.header(RATE, 1, 96_000) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "24-bit": (wav.header(RATE, 1, 28_800, bits=24) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "float-32": (wav.header(RATE, 1, 38_400, bits=32, form=wav.FLOAT) + b"\0" * 38_400, WAV, 400, "bad-audio"),
    "float-24": (wav.header(RATE, 1, 28_800, bits=24, form=wav.FLOAT) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "mu-law": (wav.header(8000, 1, 8000, bits=8, form=7) + b"\0" * 8000, WAV, 400, "bad-audio"),
    "3-channels": (wav.header(RATE, 3, 28_800) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "0-channels": (wav.header(RATE, 0, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "rate-1": (wav.header(1, 1, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "rate-huge": (wav.header(4_000_000_000, 1, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "data-first": (b"RIFF" + struct.pack("<I", 100) + b"WAVE" + chunk(b"data", 960) + b"\0" * 960, WAV, 400, "bad-audio"),
    "half-sample": (b"\0" * 961, {"Content-Type": "audio/L16;rate=48000"}, 400, "bad-audio"),
    "l16-empty": (b"", {"Content-Type": "audio/L16;rate=48000"}, 400, "bad-audio"),
    "l16-no-rate": (b"\0" * 960, {"Content-Type": "audio/L16"}, 415, "unsupported-media-type"),
    "l16-bad-rate": (b"\0" * 960, {"Content-Type": "audio/L16;rate=banana"}, 415, "unsupported-media-type"),
    "l16-3-channels": (b"\0" * 960, {"Content-Type": "audio/L16;rate=48000;channels=3"}, 415, "unsupported-media-type"),
    "mp3": (b"ID3" + b"\0" * 960, {"Content-Type": "audio/mpeg"}, 415, "unsupported-media-type"),
    "json-type": (b"{}", {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
    "no-type": (GOOD, {}, 415, "unsupported-media-type"),
}


async def test_badAudio_isAClearProblem_theRoomStaysQuietAndTheSessionWell(listening):
    one = await listening()
    before, since = await history(one.http, one.session["id"]), one.ear.mark()
    wrong = []
    for name, (body, headers, status, slug) in BAD.items():
        answer = await one.http.post(one.url("speech"), content=body, headers=headers)
        try:
            said = problem(answer, status, slug)
            assert len(said["detail"]) > 20, said
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
    await well_and_quiet(one, since)
    # Where the fault is at the end, the good part before it may have been begun; it ends as any other speech.
    rows = await history(one.http, one.session["id"])
    words = [row["new_state"] for row in rows[len(before):]]
    assert words == ["speaking", "listening"] * (len(words) // 2) and len(words) <= 2 * 3, rows[len(before):]


async def well_and_quiet(one: Listening, since: int) -> None:
    """Nothing loud was heard, the agent listens, and can speak."""
    async def listens() -> bool:
        return (await get_session(one.http, one.session["id"]))["agent_state"] == "listening"

    await until(listens, "an agent that listens")
    assert not one.ear.loud(since), "bad audio was heard"
    shown = await get_session(one.http, one.session["id"])
    assert shown["status"] == "active" and shown["turn"] is None
    while not one.told.empty():
        one.told.get_nowait()
    mark = one.ear.mark()
    assert (await one.say(speech(29, 300), wait_ms=5000))["status"] == "completed"
    await one.next_told()
    await one.silence()
    assert one.heard(29, mark).last >= 270


async def test_hundredMegabytes_areRefusedAtOnce(listening, service):
    one = await listening()
    since = one.ear.mark()
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: 100000044\r\n\r\n").encode()
    began = time.monotonic()
    answer = await send_raw(service.url, head, wav.header(RATE, 1, 100_000_000))
    assert time.monotonic() - began < 10
    assert answer.response().json()["type"] in ("/problems/audio-too-long", "/problems/body-too-large")
    problem(answer.response(), 413)
    await well_and_quiet(one, since)


async def test_bodyThatNeverEnds_isEndedByTheService(listening):
    """A header that goes on for ever: refused once it is clear that no sound begins."""
    one = await listening()
    since = one.ear.mark()

    async def endless():
        yield b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunk(b"junk", 0xFFFFFFF0)
        for _ in range(100_000):
            yield b"\0" * 4096

    try:
        answer = await one.http.post(one.url("speech"), content=endless(), headers=WAV)
        problem(answer, 400, "bad-audio")
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass  # Shut in the face of what goes on sending is an end too.
    await well_and_quiet(one, since)


async def test_silenceThatNeverEnds_isPlayedAtItsPaceAndCanBeInterrupted(listening, service):
    """A stream that is well-formed may last; it neither fills the memory nor keeps the floor of speech for ever."""
    one = await listening()
    since, sent, before = one.ear.mark(), 0, resident_kib(service.pid)

    async def endless():
        nonlocal sent
        yield wav.header(RATE, 1, 0xFFFFFFFF)
        for _ in range(100_000):
            sent += 9600
            yield b"\0" * 9600

    post = one.http.post(one.url("speech"), content=endless(), headers=WAV, params={"wait_ms": 5000})
    saying = asyncio.ensure_future(post)
    await asyncio.sleep(1.5)
    assert not saying.done()
    # What is taken in ahead of the playout is bounded; the kernel's own buffers hold some ten megabytes.
    assert sent < 24 << 20, sent
    assert resident_kib(service.pid) - before < 16 << 10
    answer = done(await one.http.post(one.url("interrupt")))
    assert answer["interrupted"] is True and 500 < answer["played_ms"] < 6000
    try:
        ended = await asyncio.wait_for(saying, 10)
        assert ended.status_code == 201 and ended.json()["status"] == "interrupted"
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass
    await well_and_quiet(one, since)


async def test_uploadThatBreaksOff_failsAndTheAgentListens(listening, service):
    """The connection is gone in the middle of the body."""
    one = await listening()
    address = service.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(address[0], int(address[1]))
    since = one.ear.mark()
    body = speech(30, 2000)
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    writer.write(head + body[:40_000])
    await writer.drain()
    await one.ear.first_loud(since)
    writer.transport.abort()
    await one.next_told()
    await one.silence()
    timeline = one.heard(30, since)
    assert timeline.last < 480, str(timeline)
    await well_and_quiet(one, one.ear.mark())


async def test_bodyThatStopsInTheMiddle_isA408AndTheAgentListens(listening, service):
    """The connection stays, and nothing more comes."""
    one = await listening()
    address = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address[0], int(address[1]))
    body = speech(31, 2000)
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    since = one.ear.mark()
    writer.write(head + body[:20_000])
    await writer.drain()
    await one.ear.first_loud(since)
    line = await asyncio.wait_for(reader.readline(), 60)
    assert line.split()[1] in (b"408", b"400"), line
    writer.close()
    await one.silence()
    await well_and_quiet(one, one.ear.mark())


async def test_speechNeedsTheScope(service, listening):
    from support.service import READER

    one = await listening()
    async with service.client(READER) as reader:
        problem(await reader.post(one.url("speech"), content=GOOD, headers=WAV), 403, "forbidden")
        problem(await reader.post(one.url("interrupt")), 403, "forbidden")
    async with service.client(None) as nobody:
        problem(await nobody.post(one.url("speech"), content=GOOD, headers=WAV), 401, "unauthenticated")


async def test_stateByHand_whileTheAgentSpeaks_isNotOverwrittenByAStaleEnd(listening):
    """The backend says `thinking` after a speech: the end of the speech before does not undo it."""
    one = await listening()
    await one.say(speech(32, 300), wait_ms=5000)
    await one.next_told()
    await put_state(one.http, one.session["id"], "thinking")
    await asyncio.sleep(0.3)
    assert (await get_session(one.http, one.session["id"]))["agent_state"] == "thinking"
