"""What the agent says: played while it comes in, in any common form, one after the other, and stopped.

Speeches are coded signals, so that what a listener heard can be told to the millisecond.
"""

import asyncio

import numpy
import pytest

from support import wav
from support.answers import assert_no_hole, done, history, problem, put_state, until
from support.coded_signal import RATE, coded_signal
from support.listening import WAV, speech
from support.turns import audio_policy, get_session, start
from test_rpc import together

VOICE = "agent-voice"


# From the first frame to the end

async def test_speech_isHeardWholeAndShownAsSpeaking(listening, quiet):
    one = await listening()
    before = len(await history(one.http, one.session["id"]))
    since = one.ear.mark()
    said = await one.say(speech(13, 500), wait_ms=5000)
    assert said["id"].startswith("spc_") and said["status"] == "completed"
    assert abs(said["duration_ms"] - 500) <= 20 and abs(said["played_ms"] - 500) <= 20
    assert said["created_at"] <= said["started_at"] <= said["ended_at"]
    await one.next_told()
    timeline = await one.hears(13, since, 480)
    assert not [gap for gap in timeline.gaps if not gap.concealed and gap.length > 15], str(timeline)
    assert timeline.first <= 40, str(timeline)
    rows = await history(one.http, one.session["id"])
    assert_no_hole(rows)
    assert [(row["new_state"], row["cause"]) for row in rows[before:]] == [("speaking", "playout"), ("listening", "playout")]
    assert 400 <= rows[before]["dwell_ms"] and (rows[before]["dwell_ms"] <= 3000 or not quiet.is_quiet)


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
        timeline = await one.hears(15, since, 470)
        assert timeline.first <= 40, (form, str(timeline))


async def test_stereo_isMixedToOne(listening):
    one = await listening()
    since = one.ear.mark()
    both = numpy.stack([coded_signal(16).samples(0, 500), coded_signal(17).samples(0, 500)], axis=1)
    await one.say(wav.write(both, RATE, 2), wait_ms=5000)

    def timelines() -> list:
        # Half as loud each, so doubled for the decoder.
        return [one.heard(number, since, gain=2) for number in (16, 17)]

    async def heard() -> bool:
        await one.silence()
        return all(timeline.total("signal") > 350 for timeline in timelines())

    await until(heard, "both of them")


# While it comes in

async def test_uploadSlowerThanPlayout_waitsForMoreAndLosesNothing(listening, quiet):
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
    assert said["status"] == "completed" and abs(said["played_ms"] - 600) <= 20, said
    timeline = await one.hears(19, since, 570)
    assert sum(end - begin for begin, end in timeline.missing(40, 570)) <= 60 or not quiet.is_quiet, str(timeline)


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
    await one.hears(22, since, 470)
    one_after, other = (one.heard(number, since) for number in (21, 22))
    assert one_after.last >= 470 and other.last >= 470, (str(one_after), str(other))
    assert one_after.signal[-1].end <= other.signal[0].begin + 10
    rows = await history(one.http, one.session["id"])
    states = [row["new_state"] for row in rows[before:]]
    assert states[0] == "speaking" and states[-1] == "listening"
    assert one.told.empty() or states.count("listening") > 1


async def test_interruptingSpeech_takesTheFirstsPlace(listening, quiet):
    one = await listening()
    since = one.ear.mark()
    # Long enough for a slow machine to interrupt it.
    first = asyncio.ensure_future(one.say(speech(23, 10_000), wait_ms=20_000))
    await one.ear.first_loud(since)
    second = await one.say(speech(24, 400), 201, interrupt="true", wait_ms=5000)
    assert (await first)["status"] == "interrupted" and second["status"] == "completed"
    await one.hears(24, since, 370)
    one_after, other = one.heard(23, since), one.heard(24, since)
    assert one_after.last < (1500 if quiet.is_quiet else 9900) and one_after.signal[-1].end <= other.signal[0].begin + 10


async def test_startTurn_isRefusedWhileTheAgentMayNotBeInterrupted(listening):
    one = await listening(allow_interruptions=False)
    since = one.ear.mark()
    saying = asyncio.ensure_future(one.say(speech(26, 700), wait_ms=6000))
    await one.ear.first_loud(since)
    assert "speaking" in (await start(one.peer)).refused("agent_busy")["error"]
    assert (await saying)["status"] == "completed"
    await one.next_told()
    await one.hears(26, since, 670)
    assert (await start(one.peer)).ok


async def test_sessionThatEndsWhileItSpeaks_settlesTheSpeech(listening):
    one = await listening()
    since = one.ear.mark()
    post = one.http.post(one.url("speech"), content=speech(27, 3000), headers=WAV, params={"wait_ms": 6000})
    saying = asyncio.ensure_future(post)
    await one.ear.first_loud(since)
    done(await one.http.delete(one.url()))
    answer = await asyncio.wait_for(saying, 20)
    if answer.status_code == 201:
        assert answer.json()["status"] in ("interrupted", "failed")
    else:
        problem(answer, 409, "session-not-working")
    problem(await one.http.post(one.url("speech"), content=speech(27, 100), headers=WAV), 409, "session-not-working")


async def test_stateByHand_whileTheAgentSpeaks_isNotOverwrittenByAStaleEnd(listening):
    """The backend says `thinking` after a speech: the end of the speech before does not undo it."""
    one = await listening()
    await one.say(speech(32, 300), wait_ms=5000)
    await one.next_told()
    await put_state(one.http, one.session["id"], "thinking")
    await asyncio.sleep(0.3)
    assert (await get_session(one.http, one.session["id"]))["agent_state"] == "thinking"
