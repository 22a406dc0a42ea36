"""When the agent's speech is heard, and when it stops: the hand-over of the turn, uploads as they come, interruptions."""

import asyncio
import time

import numpy
import pytest

from support import wav
from support.answers import done, last_row
from support.coded_signal import RATE, coded_signal
from support.decoder import decode
from support.effort import enough
from support.figures import spread
from support.listener import LOUD_RMS, loudness
from support.listening import METHOD, REACH_MS, Listening, speech
from support.turns import end, start

SPEECHES, SPEECH_MS = enough(30, 12), 600
MEDIAN_MS, SPREAD_MS = 15.0, 40.0
INTERRUPT_MS, PLAYED_MS = 100.0, 60.0


class Offsets:
    """When the notification came, after the last sound that was heard."""

    def __init__(self) -> None:
        self.from_loud: list[float] = []
        self.from_signal: list[float] = []
        self.kept: list[tuple[int, int, float]] = []

    def keep(self, since: int, until: int, told: float) -> None:
        self.kept.append((since, until, told))

    def measure(self, one: Listening, number: int, was_quiet: bool) -> None:
        """After the run, since decoding takes the machine's time."""
        for since, until, told in self.kept:
            loud = [at for at in range(since, until) if loudness(one.ear.frames[at]) >= LOUD_RMS]
            assert loud, "a speech was not heard"
            self.from_loud.append((told - one.ear.arrivals[loud[-1]]) * 1000)
            timeline = decode(one.ear.heard(since, until), RATE, number, 0, REACH_MS)
            if not was_quiet and (not timeline.signal or timeline.last <= SPEECH_MS - 60):
                # It came too late on its way to be heard whole.
                self.from_loud.pop()
                continue
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
        await one.ear.until(lambda: one.ear.loud(since), "the speech")
        await asyncio.sleep(0.15)
        await one.silence()
        offsets.keep(since, one.ear.mark(), told)
    return offsets


@pytest.mark.quiet
async def test_handOver_comesWhenTheListenerHasHeardTheEnd_thirtyTimes(listening, quiet, figures):
    heard, sent = await listening("heard", align="heard"), await listening("sent", align="sent")
    quiet.restart()
    by_heard, by_sent = await asyncio.gather(hand_over(heard, 11), hand_over(sent, 12))
    was_quiet, words = quiet.is_quiet, quiet.words()
    by_heard.measure(heard, 11, was_quiet)
    by_sent.measure(sent, 12, was_quiet)
    for name, offsets in (("heard", by_heard), ("sent", by_sent)):
        figures(f'hand-over, "align": "{name}"', f"{METHOD} after the last loud frame: {spread(offsets.from_loud)}; "
                f"after the last frame with the speech in it: {spread(offsets.from_signal)}; {words}")
    values = by_heard.from_loud
    assert values and by_sent.from_loud, "no speech was heard whole"
    near = sum(abs(value) <= SPREAD_MS for value in values)
    if was_quiet:
        assert abs(numpy.median(values)) <= MEDIAN_MS, values
        assert near >= 0.9 * SPEECHES, values
    # What it is about: not before the end was heard, as "sent" is.
    assert numpy.median(by_sent.from_loud) < numpy.median(values)


async def real_time(number: int, milliseconds: float, marks: list[float]):
    """The file at the pace at which it is played, 20 ms at a time, with when each part went out."""
    begun = time.monotonic()
    yield wav.header(RATE, 1, 0xFFFFFFFF)
    for at in range(0, int(milliseconds), 20):
        if (left := begun + (at + 20) / 1000 - time.monotonic()) > 0:
            await asyncio.sleep(left)
        marks.append(time.monotonic())
        yield coded_signal(number).samples(at, at + 20).astype("<i2").tobytes()


@pytest.mark.quiet
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
    assert first < marks[-1] or not quiet.is_quiet, "it was only played once it was there"
    assert said["status"] == "completed" and abs(said["duration_ms"] - 2000) <= 20
    timeline = one.heard(18, since)
    missing = sum(end - begin for begin, end in timeline.missing(40, 1960))
    assert missing <= 20 or not quiet.is_quiet, str(timeline)


@pytest.mark.quiet
async def test_interrupt_isHeardAtOnceAndSaysHowMuchWasPlayed(listening, quiet, figures):
    one = await listening()
    runs, quiet_each = [], []
    for number in range(8):
        since = one.ear.mark()
        quiet.restart()
        saying = asyncio.ensure_future(one.say(speech(20, 6000), wait_ms=10_000))
        await one.ear.first_loud(since)
        await asyncio.sleep(0.25 + 0.07 * number)
        asked = time.monotonic()
        answer = done(await one.http.post(one.url("interrupt")))
        said = await asyncio.wait_for(saying, 20)
        await one.next_told()
        await asyncio.sleep(0.25)
        quiet_each.append(quiet.is_quiet)
        assert answer["interrupted"] is True and answer["speech_id"] == said["id"]
        assert said["status"] == "interrupted" and said["played_ms"] == answer["played_ms"]
        runs.append((since, one.ear.mark(), asked, answer["played_ms"]))
    tails, errors = [], []
    for since, until, asked, played in runs:
        timeline = decode(one.ear.heard(since, until), RATE, 20, 0, REACH_MS)
        loud = [at for at in range(since, until) if loudness(one.ear.frames[at]) >= LOUD_RMS]
        tails.append((one.ear.arrivals[loud[-1]] - asked) * 1000)
        errors.append(played - timeline.last)
    figures("speech, interrupt", f"last loud frame {spread(tails)} after the call; played_ms {spread(errors)} off what "
            f"was heard; {quiet.words()}")
    for tail, error, was_quiet in zip(tails, errors, quiet_each):
        if was_quiet:
            assert tail <= INTERRUPT_MS, tails
        assert abs(error) <= PLAYED_MS or not was_quiet, errors


@pytest.mark.quiet
async def test_startTurn_interruptsTheSpeechWhereThePolicyAllowsIt(listening, quiet, figures):
    one = await listening()
    since = one.ear.mark()
    saying = asyncio.ensure_future(one.say(speech(25, 6000), wait_ms=10_000))
    await one.ear.first_loud(since)
    quiet.restart()
    begun = await start(one.peer)
    assert begun.result["holder"] == "alice"
    assert (await saying)["status"] == "interrupted"
    row = await last_row(one.http, one.session["id"], "rpc")
    assert (row["old_state"], row["new_state"], row["turn_id"]) == ("speaking", "listening", begun.result["turn_id"])
    await asyncio.sleep(0.3)
    tail = (one.ear.arrivals[one.ear.loud(since)[-1]] - begun.asked) * 1000
    figures("speech, interrupted by start_turn", f"last loud frame {tail:.0f} ms after the call; {quiet.words()}")
    assert tail <= INTERRUPT_MS or not quiet.is_quiet
    assert (await end(one.peer, begun.result)).ok
