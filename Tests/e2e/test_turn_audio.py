"""What is heard in a turn: all of it, nothing else, and the first words too. Up to fifty turns of each kind.

Every client says its coded signal; what the turn's WAV and the stream hold is decoded afterwards, and
must be what was said between the calls. A call is made by the client at one moment and reaches the agent
a little later, at the latest when the client has its answer: what is allowed at the edges is that, and
one frame of 20 ms. A witness in the same room hears the client too: where the sound's way to it was not
steady, the machine was not quiet, and that turn's edges are only printed.
"""

import asyncio

import pytest
import pytest_asyncio

from support import wav
from support.answers import done, problem, until
from support.coded_signal import RATE
from support.decoder import Timeline, decode
from support.effort import enough
from support.figures import note, spread
from support.hearing import is_silent_in_turns
from support.quiet import Quiet
from support.stage import FINE_MS, FRAME_MS, REACH_MS, Stage, Theatre, TurnOnAir
from support.turns import cancel, end, ended_turn, get_turn, start, turn_audio

TURNS = enough(50, 15)
PRE_ROLL_MS = 500
# A frame is 20 ms; less than this is the jitter buffer's way to catch up, and shown as such.
LOST_MS = 15.0


@pytest_asyncio.fixture
async def stage(http, room_server, room):
    """`await stage(number, policy…)`: a room of its own, where a client talks all the time."""
    theatre = Theatre(http, room_server, room)
    yield theatre.stage
    await theatre.clear()


@pytest_asyncio.fixture(scope="module")
async def played(service, room_server):
    """Four stages by name, on which all turns were played at the same time."""
    async with service.client() as http:
        theatre = Theatre(http, room_server, "turn-audio")
        try:
            stages = await asyncio.gather(
                theatre.stage(1, stray=True, read=True), theatre.stage(2), theatre.stage(3),
                theatre.stage(4, closed_gate="pause"))
            # To connect them all at once has shaken their jitter buffers.
            await asyncio.sleep(2)
            watching = Quiet().start()
            await asyncio.gather(*(play_it(one) for play_it, one in zip(PLAYS.values(), stages, strict=True)))
            watching.stop()
            note("turn audio", watching.words())
            await asyncio.gather(*(one.stop() for one in stages))
            for one in stages:
                one.decode()
            yield dict(zip(PLAYS, stages))
        finally:
            await theatre.clear()


def left_out(timeline: Timeline) -> list:
    """Frames that are missing with nothing in their place: what no network does."""
    return [gap for gap in timeline.gaps if gap.length >= LOST_MS and not gap.concealed]


def twice(timeline: Timeline) -> list:
    return [repeat for repeat in timeline.repeats if repeat[1] - repeat[0] >= LOST_MS]


class Findings:
    """What was found in all turns; printed, then asserted."""

    def __init__(self, stage: Stage, figures, name: str) -> None:
        self.stage, self.figures, self.name = stage, figures, name
        self.wrong: list[str] = []
        self.excused: list[str] = []
        self.begins: list[float] = []
        self.ends: list[float] = []
        self.concealed_ms = self.signal_ms = 0.0

    def say(self, number: int, text: str, turn: TurnOnAir) -> None:
        self.wrong.append(f"turn {number}: {text}; started {turn.started}, ended {turn.ended}: {turn.timeline}")

    def say_of_edge(self, number: int, text: str, turn: TurnOnAir, *positions: float) -> None:
        """What is to be held only where the witness heard all at its time."""
        if self.stage.disturbed(*positions):
            self.excused.append(f"turn {number}: {text}")
        else:
            self.say(number, text, turn)

    def inside(self, number: int, turn: TurnOnAir) -> None:
        """Nothing missing, twice or foreign between its first and its last sound."""
        timeline = turn.timeline
        self.signal_ms += timeline.total("signal")
        concealed = sum(gap.length for gap in timeline.gaps if gap.concealed)
        self.concealed_ms += concealed
        if left_out(timeline):
            self.say(number, f"left out {left_out(timeline)}", turn)
        if twice(timeline):
            self.say(number, f"twice {twice(timeline)}", turn)
        if concealed > FRAME_MS:
            lost = [gap.begin for gap in timeline.gaps if gap.concealed]
            self.say_of_edge(number, f"lost {concealed} ms", turn, *lost)

    def close(self, turns: int) -> None:
        share = 100 * self.concealed_ms / max(1.0, self.signal_ms)
        self.figures(f"turn audio, {self.name}", f"{turns} turns, {len(self.wrong)} findings, {len(self.excused)} excused by "
                     f"the witness; begins {spread(self.begins)} after what was due, ends {spread(self.ends)} after the "
                     f"call; {share:.2f} % concealed by the jitter buffer; mouth to the witness's ear "
                     f"{self.stage.witness.usual_lag:.0f} ms")
        for text in self.excused:
            print("excused:", text)
        assert not self.wrong, f"{self.name}, {len(self.wrong)} findings:\n" + "\n".join(self.wrong[:6])


def check_end(findings: Findings, number: int, turn: TurnOnAir) -> None:
    findings.ends.append(turn.timeline.last - turn.ended[0])
    low, high = turn.end_bounds()
    if not low <= turn.timeline.last <= high:
        findings.say_of_edge(
            number, f"ends at {turn.timeline.last:.1f}, not in {low:.1f}…{high:.1f}", turn, turn.ended[0])


def check_edges(findings: Findings, number: int, turn: TurnOnAir, pre_roll: float, not_before: float) -> None:
    low, high = turn.begin_bounds(pre_roll, not_before)
    findings.begins.append(turn.timeline.first - max(turn.started[0] - pre_roll, not_before))
    if not low <= turn.timeline.first <= high:
        findings.say_of_edge(
            number, f"begins at {turn.timeline.first:.1f}, not in {low:.1f}…{high:.1f}", turn,
            turn.started[0], turn.started[0] - pre_roll)
    check_end(findings, number, turn)


def check_whole(findings: Findings, number: int, turn: TurnOnAir) -> None:
    """The file begins and ends with the signal, and says of itself what is in it."""
    timeline, file = turn.timeline, wav.read(turn.file)
    edges = [piece for piece in (timeline.pieces[0], timeline.pieces[-1]) if piece.kind != "signal"]
    if any(piece.length > FRAME_MS + FINE_MS for piece in edges):
        findings.say_of_edge(number, "other sound at an edge", turn, timeline.first, timeline.last)
    if abs(turn.shown["audio_ms"] - file.duration_ms) > 1:
        findings.say(number, f"audio_ms {turn.shown['audio_ms']}, the file has {file.duration_ms}", turn)
    if turn.shown["pre_roll_ms"] > PRE_ROLL_MS or turn.shown["speech_ms"] < timeline.total("signal") - 2 * FRAME_MS:
        findings.say(number, f"shown as {turn.shown}", turn)
    if (turn.shown["outcome"], turn.shown["end_reason"]) != ("committed", "end_turn"):
        findings.say(number, f"shown as {turn.shown}", turn)


def check_dropped(stage: Stage, findings: Findings) -> None:
    before = -1e9
    for number, turn in enumerate(stage.turns):
        if not turn.timeline.signal:
            findings.say_of_edge(number, f"holds nothing: {turn.shown}", turn, *turn.started, *turn.ended)
            continue
        check_edges(findings, number, turn, PRE_ROLL_MS, before)
        findings.inside(number, turn)
        check_whole(findings, number, turn)
        if turn.timeline.first < before - FINE_MS:
            findings.say(number, f"goes back over the earlier turn's end {before:.1f}", turn)
        before = turn.timeline.last
        check_stray(stage, findings, number, turn)


def check_stray(stage: Stage, findings: Findings, number: int, turn: TurnOnAir) -> None:
    """Nothing of who talked beside it."""
    if stage.stray is None:
        return
    file = wav.read(turn.file)
    piece = turn.timeline.signal[0]
    meanwhile = stage.stray.position(stage.speaker.moment(piece.said)) - piece.begin
    found = decode(file.samples, RATE, stage.stray.number, meanwhile, 600)
    if found.total("signal") > FRAME_MS:
        findings.say(number, f"holds the other client: {found}", turn)


def check_stream(stage: Stage, findings: Findings) -> None:
    """The reader got the turns, one after the other, and nothing else."""
    samples = stage.reader.samples()
    timeline = decode(samples, stage.reader.rate, stage.speaker.number)
    expected = sum(wav.read(turn.file).duration_ms for turn in stage.turns if turn.file)
    if abs(stage.reader.ms - expected) > FRAME_MS * 2:
        findings.wrong.append(f"the stream has {stage.reader.ms:.0f} ms, the turns have {expected:.0f} ms")
    heard = [turn.timeline for turn in stage.turns if turn.timeline.signal]
    for turn in heard:
        missing = timeline.missing(turn.first + FRAME_MS, turn.last - FRAME_MS)
        unknown = turn.total("unknown") + sum(gap.length for gap in turn.gaps)
        if sum(end - begin for begin, end in missing) > unknown + FRAME_MS:
            findings.wrong.append(f"the stream lacks {missing} of the turn {turn}")
    for piece in timeline.signal:
        # Turns that follow each other at once are one piece.
        outside = [(max(piece.said, one.last), min(piece.said_until, two.first)) for one, two in zip(heard, heard[1:])]
        outside += [(piece.said, min(piece.said_until, heard[0].first)), (max(piece.said, heard[-1].last), piece.said_until)]
        found = [(begin, end) for begin, end in outside if end - begin > FRAME_MS]
        if found:
            findings.wrong.append(f"the stream has {found} from outside the turns")


async def play(stage: Stage) -> None:
    for _ in range(TURNS):
        await stage.take_turn(stage.length())
        await stage.pause()


async def play_first_words(stage: Stage) -> None:
    stage.speaker.hush()
    for _ in range(TURNS):
        await stage.pause(150, 300)
        await stage.take_turn(stage.length(), quiet_before=True)


async def play_cancelled(stage: Stage) -> None:
    for number in range(2 * TURNS):
        await stage.take_turn(stage.dice.uniform(120, 320), by=end if number % 2 else cancel)
        # From at once to longer than the ring.
        await stage.pause(0, 200 if number % 4 else 650)


# What is played where: talks all the time; begins to talk before each turn; takes every second turn back; unsubscribed
# while the gate is shut.
PLAYS = {"drop": play, "first words": play_first_words, "cancelled": play_cancelled, "pause": play}


@pytest.mark.quiet
async def test_dropMode_holdsExactlyTheTurns_fiftyTimes(played, figures):
    """The client talks all the time, and another beside it."""
    findings = Findings(played["drop"], figures, "drop")
    check_dropped(played["drop"], findings)
    check_stream(played["drop"], findings)
    findings.close(TURNS)


@pytest.mark.quiet
async def test_dropMode_holdsTheFirstWords_fiftyTimes(played, figures):
    """Each turn's speech begins 300 ms before `start_turn`."""
    findings = Findings(played["first words"], figures, "first words")
    check_first_words(played["first words"], findings)
    findings.close(TURNS)


def check_first_words(stage: Stage, findings: Findings) -> None:
    for number, turn in enumerate(stage.turns):
        if not turn.timeline.signal:
            findings.say_of_edge(number, f"holds nothing: {turn.shown}", turn, *turn.started, *turn.ended)
            continue
        # The ring may reach back over the silence to what came after the earlier turn; that is not the matter here.
        of_now = [piece for piece in turn.timeline.pieces if piece.said is not None and piece.said >= turn.loud_from - 15]
        if not of_now:
            findings.say_of_edge(number, "holds none of its words", turn, turn.loud_from, turn.ended[0])
            continue
        turn.timeline = Timeline(of_now)
        findings.inside(number, turn)
        findings.begins.append(turn.timeline.first - turn.loud_from)
        if not -10 - FINE_MS <= turn.timeline.first - turn.loud_from <= 10 + FINE_MS:
            findings.say_of_edge(number, f"the first words from {turn.loud_from:.0f} on are missing", turn, turn.loud_from)
        check_end(findings, number, turn)


@pytest.mark.quiet
async def test_cancelledSpeech_neverAppearsInALaterTurn_fiftyTimes(played, figures):
    findings = Findings(played["cancelled"], figures, "cancelled")
    await check_cancelled(played["cancelled"], findings)
    findings.close(TURNS)


@pytest.mark.quiet
async def test_pauseMode_holdsNothingFromOutside_fiftyTimes(played, figures):
    findings = Findings(played["pause"], figures, "pause")
    check_paused(played["pause"], findings)
    findings.close(TURNS)


async def check_cancelled(stage: Stage, findings: Findings) -> None:
    """Each turn follows a cancelled one; it holds nothing of what was said before that was cancelled."""
    margins = []
    for number, (turn, before) in enumerate(zip(stage.turns, stage.cancelled, strict=True)):
        if (before.shown["outcome"], before.shown["end_reason"], before.shown["audio_kept"]) != (
                "cancelled", "cancel_turn", False):
            findings.say(number, f"the cancelled one is shown as {before.shown}", before)
        answer = await stage.http.get(f"/v1/sessions/{stage.session['id']}/turns/{before.turn_id}/audio")
        if answer.status_code != 404:
            findings.say(number, f"the cancelled turn's audio answers {answer.status_code}", before)
        if not turn.timeline.signal:
            findings.say_of_edge(number, f"holds nothing: {turn.shown}", turn, *turn.started, *turn.ended)
            continue
        check_after_cancel(findings, number, turn, before)
        margins.append(turn.timeline.first - before.ended[0])
        findings.begins.append(turn.timeline.first - max(before.ended[0], turn.started[0] - PRE_ROLL_MS))
        findings.inside(number, turn)
        check_end(findings, number, turn)
    findings.figures("turn audio, cancelled", f"first sound of the next turn {spread(margins)} after the cancel")


def check_after_cancel(findings: Findings, number: int, turn: TurnOnAir, before: TurnOnAir) -> None:
    cancelled = before.ended[0]
    if turn.timeline.first < cancelled - FINE_MS:
        text = f"holds {cancelled - turn.timeline.first:.1f} ms of what was said before the cancel at {cancelled:.1f}"
        if turn.timeline.first < cancelled - 5 * FRAME_MS:
            findings.say(number, text, turn)
        else:
            findings.say_of_edge(number, text, turn, cancelled)
    due = max(before.ended[1], turn.started[1] - PRE_ROLL_MS)
    if turn.timeline.first > due + 3 * FRAME_MS:
        findings.say_of_edge(number, f"begins {turn.timeline.first - due:.1f} ms late", turn, cancelled, turn.started[0])


def check_paused(stage: Stage, findings: Findings) -> None:
    for number, turn in enumerate(stage.turns):
        if not turn.timeline.signal:
            findings.say_of_edge(number, f"holds nothing: {turn.shown}", turn, *turn.started, *turn.ended)
            continue
        timeline = turn.timeline
        findings.begins.append(timeline.first - turn.started[0])
        findings.ends.append(timeline.last - turn.ended[0])
        low, high = turn.started[0] - FRAME_MS - FINE_MS, turn.end_bounds()[1]
        outside = [piece for piece in timeline.signal if piece.said < low or piece.said_until > high]
        if outside:
            findings.say_of_edge(
                number, f"holds {outside} from outside {low:.1f}…{high:.1f}", turn, turn.started[0], turn.ended[0])
        # Opening takes a round trip to the room server, and the jitter buffer begins anew.
        if timeline.total("signal") < 0.4 * (turn.ended[0] - turn.started[0]):
            findings.say_of_edge(number, "holds next to nothing of what was said", turn, turn.started[0], turn.ended[0])
        if turn.shown["pre_roll_ms"] != 0:
            findings.say(number, f"a pre-roll without a ring: {turn.shown}", turn)


async def test_turnAudio_atAnotherRate_isTheSame(stage):
    one = await stage(5)
    turn = await one.take_turn(400)
    await one.stop()
    one.decode()
    whole = turn.timeline
    for rate in (8_000, 16_000, 24_000):
        file = wav.read(await turn_audio(one.http, one.session["id"], turn.turn_id, sample_rate=rate))
        assert file.rate == rate and abs(file.duration_ms - wav.read(turn.file).duration_ms) <= FRAME_MS
        same = decode(file.samples, rate, one.speaker.number, turn.started[0], REACH_MS)
        assert abs(same.first - whole.first) <= FINE_MS and abs(same.last - whole.last) <= FRAME_MS
        assert not left_out(same)


@pytest.mark.quiet
async def test_preRollOfNothing_beginsWithTheCall(stage):
    one = await stage(6, pre_roll_ms=0)
    turns = [await one.take_turn(300) for _ in range(5)]
    await one.stop()
    one.decode()
    for turn in turns:
        timeline = turn.timeline
        low, high = turn.begin_bounds(0)
        assert low <= timeline.first <= high or one.disturbed(turn.started[0]), (turn.started, str(timeline))
        assert turn.pre_roll_ms == turn.shown["pre_roll_ms"] == 0


async def test_turnThatIsNotKept_hasNoAudio(stage):
    one = await stage(7, keep_turn_audio=False)
    begun = await start(one.peer)
    await one.speaker.reach(one.speaker.position(begun.answered) + 200)
    assert (await end(one.peer, begun.result)).ok
    shown = await ended_turn(one.http, one.session["id"], begun.result["turn_id"])
    assert shown["audio_kept"] is False and shown["outcome"] == "committed"
    answer = await one.http.get(f"/v1/sessions/{one.session['id']}/turns/{shown['id']}/audio")
    problem(answer, 404, "turn-audio-not-kept")
    assert done(await one.http.get(f"/v1/sessions/{one.session['id']}/turns"))["data"][0] == shown


async def test_clientThatSaysNothing_isAnEmptyTurn(stage):
    one = await stage(8)
    one.speaker.hush()
    await is_silent_in_turns(one.http, one.session, one.peer)
    begun = await start(one.peer)

    async def heard() -> bool:
        return (await get_turn(one.http, one.session["id"], begun.result["turn_id"]))["audio_ms"] >= 300

    await until(heard, "a turn without a word")
    assert (await end(one.peer, begun.result)).ok
    shown = await ended_turn(one.http, one.session["id"], begun.result["turn_id"])
    assert (shown["outcome"], shown["end_reason"]) == ("empty", "end_turn")
    assert shown["speech_ms"] < 60 and shown["audio_ms"] > 0
