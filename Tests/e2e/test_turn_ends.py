"""A client that goes, mutes or takes its track away in the middle of its turn: the right outcome, and the floor free."""

import asyncio
import time

import pytest

from support import wav
from support.answers import done, until
from support.coded_signal import RATE
from support.decoder import Timeline, decode
from support.hearing import hears_in_turns, is_silent_in_turns
from support.speaker import CodedSpeaker
from support.sse import events
from support.turns import (audio_policy, end, ended_turn, free_floor, get_session, get_turn, start, turn_audio)
from test_gate import gates, has_audio
from test_rpc import together

GRACE_SECONDS = 1.0
# Less than a frame.
LOST_MS = 15.0
# How often what has to be done within the grace is tried, on a machine that may be too slow for it.
ATTEMPTS = 10


@pytest.fixture
async def holder(http, room_server, join, make_session):
    """`await holder(number)`: a session, a client that talks and has the floor, another that waits to have it."""
    speakers = []

    class Holder:
        def __init__(self, session, alice, bob, speaker) -> None:
            self.session, self.alice, self.bob, self.speaker = session, alice, bob, speaker
            self.turn: dict = {}

        async def begin(self) -> "Holder":
            """Takes the floor and talks for a while."""
            begun = await start(self.alice)
            self.turn = begun.result
            await self.speaker.reach(self.speaker.position(begun.answered) + 400)
            return self

        async def again(self) -> None:
            """What was to be done within the grace took longer: another turn, to try once more."""
            await end(self.alice, self.turn)
            await self.ended()
            await free_floor(http, self.session["id"])
            await hears_in_turns(http, self.session, self.alice)
            await self.speaker.reach(self.speaker.position() + 1000)
            await self.begin()

        async def ended(self) -> dict:
            return await ended_turn(http, self.session["id"], self.turn["turn_id"])

        async def next_one(self) -> None:
            """The floor is free: somebody else takes it at once."""
            await free_floor(http, self.session["id"])
            taken = (await start(self.bob)).result
            assert taken["holder"] == "bob" and taken["epoch"] == self.turn["epoch"] + 1

        async def timeline(self):
            file = wav.read(await turn_audio(http, self.session["id"], self.turn["turn_id"]))
            return decode(file.samples, RATE, self.speaker.number, self.speaker.position() - 3000, 8000)

    async def make(number: int, **policy) -> Holder:
        session = await make_session(turn_policy=audio_policy(**policy))
        alice, bob = await together(http, session, room_server, join, "alice", "bob")
        speaker = await CodedSpeaker(alice, number).publish()
        speakers.append(speaker)
        await has_audio(http, session, "alice")
        await hears_in_turns(http, session, alice)
        # For longer than the pre-roll.
        await speaker.reach(speaker.position() + 1000)
        return await Holder(session, alice, bob, speaker).begin()

    yield make
    for speaker in speakers:
        await speaker.stop()


async def test_holderThatLeaves_endsTheTurnAtOnce(holder, quiet):
    one = await holder(51)
    await one.speaker.stop()
    began = time.monotonic()
    await one.alice.leave()
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("holder_left", "holder_left")
    assert turn["speech_ms"] > 200 and (time.monotonic() - began < 5 or not quiet.is_quiet)
    await one.next_one()


async def test_holderThatIsCutOff_endsTheTurnOnceTheRoomServerLetsItGo(holder, room_service, room):
    from livekit import api

    one = await holder(52)
    await room_service.remove_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("holder_left", "holder_left")
    await one.next_one()


async def test_holderThatMutes_endsTheTurnAfterTheGraceWithWhatItSaid(http, holder, quiet):
    one = await holder(53)
    began, before = time.monotonic(), one.speaker.position()
    one.speaker.mute()
    muted = one.speaker.position()
    await until_muted(http, one)
    found = await get_turn(http, one.session["id"], one.turn["turn_id"])
    assert found["status"] == "active" or time.monotonic() - began >= GRACE_SECONDS, "there is a grace"
    turn = await one.ended()
    assert time.monotonic() - began >= GRACE_SECONDS - 0.1
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "holder_muted")
    timeline = await one.timeline()
    assert timeline.last <= muted + 60, (muted, str(timeline))
    if one.speaker.worst_late_ms(0, muted) < 50:
        assert not lost(timeline, timeline.first, before - 60, quiet), (before, str(timeline))
    await one.next_one()


async def until_muted(http, one) -> None:
    """The agent knows that the holder is muted, or its turn is over."""
    async def look() -> bool:
        shown = await get_session(http, one.session["id"])
        [alice] = [who for who in shown["participants"] if who["identity"] == "alice"]
        return alice["audio"]["muted"] or shown["turn"] is None

    await until(look, "a muted holder")


async def test_holderThatUnmutesWithinTheGrace_keepsItsTurn(http, holder, quiet):
    one = await holder(54)
    for _ in range(ATTEMPTS):
        began = time.monotonic()
        one.speaker.mute()
        await until_muted(http, one)
        one.speaker.unmute()
        back = one.speaker.position()
        if time.monotonic() - began < GRACE_SECONDS / 2:
            break
        await one.again()
    else:
        raise AssertionError("the machine is too slow to unmute within the grace")
    await one.speaker.reach(one.speaker.position() + 1200)
    assert (await get_turn(http, one.session["id"], one.turn["turn_id"]))["status"] == "active"
    reply = await end(one.alice, one.turn)
    assert reply.ok
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    timeline = await one.timeline()
    assert not lost(timeline, back + 400, one.speaker.position(reply.asked) - 40, quiet), str(timeline)


async def test_holderThatUnpublishes_endsTheTurnAfterTheGrace(holder):
    one = await holder(55)
    began = time.monotonic()
    await one.speaker.unpublish()
    turn = await one.ended()
    assert time.monotonic() - began >= GRACE_SECONDS - 0.1
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "holder_unpublished")
    await one.next_one()


def lost(timeline: Timeline, begin: float, end_: float, quiet) -> list[tuple[float, float]]:
    """What is missing there and is more than a jitter buffer's way to catch up, which is less than a frame. What came too
    late on a busy machine, the jitter buffer has replaced by something else."""
    missing = [gap for gap in timeline.missing(begin, end_) if gap[1] - gap[0] >= LOST_MS]
    if quiet.is_quiet:
        return missing
    replaced = [(gap.begin, gap.end) for gap in timeline.gaps if gap.concealed]
    after = timeline.pieces[timeline.pieces.index(timeline.signal[-1]) + 1:]
    replaced.append((timeline.last, timeline.last + sum(piece.length for piece in after)))
    return [gap for gap in missing if not any(first <= gap[0] and gap[1] <= last for first, last in replaced)]


async def test_holderThatSwitchesItsDevice_keepsItsTurnAndIsHeardOnTheNewTrack(http, holder, quiet):
    one = await holder(56)
    for _ in range(ATTEMPTS):
        began, before = time.monotonic(), one.speaker.position()
        await one.speaker.unpublish()
        await one.speaker.publish()
        after = one.speaker.position()
        await has_audio(http, one.session, "alice")
        if time.monotonic() - began < GRACE_SECONDS:
            break
        await one.again()
    else:
        raise AssertionError("the machine is too slow to switch within the grace")
    await until_heard_again(http, one)
    heard = one.speaker.position()
    await one.speaker.reach(max(after + 1500, heard + 800))
    assert await gates(http, one.session) | {"bob": None} == {"alice": ("open", "turn"), "bob": None}
    reply = await end(one.alice, one.turn)
    assert reply.ok
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    timeline = await one.timeline()
    assert not lost(timeline, timeline.first, before - 60, quiet), str(timeline)
    # The new track's first moments are the room server's and the new jitter buffer's.
    assert not lost(timeline, max(after + 700, heard), one.speaker.position(reply.asked) - 40, quiet), (after, str(timeline))
    assert timeline.first < before - 300


async def until_heard_again(http, one) -> None:
    """Something of the new track has come into the turn."""
    async def speech() -> int:
        return (await get_turn(http, one.session["id"], one.turn["turn_id"]))["speech_ms"]

    before = await speech()

    async def look() -> bool:
        return await speech() >= before + 100

    await until(look, "the sound of the new track")


async def test_holderThatUnpublishesBeforeAWord_isEmpty(holder, http):
    one = await holder(57, pre_roll_ms=0)
    assert (await end(one.alice, one.turn)).ok
    one.speaker.hush()
    await one.ended()
    await is_silent_in_turns(http, one.session, one.alice)
    await one.begin()
    await one.speaker.unpublish()
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("empty", "holder_unpublished")


@pytest.mark.quiet
async def test_turnPastItsLimit_keepsWhatWasSaidUntilThen(holder, quiet):
    one = await holder(58, max_turn_ms=1000)
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("timed_out", "max_turn")
    timeline = await one.timeline()
    # With the pre-roll, and with a frame or two of doubt.
    assert 1350 <= timeline.last - timeline.first <= 1700 or not quiet.is_quiet, str(timeline)
    assert not lost(timeline, timeline.first, timeline.last, quiet), str(timeline)
    await one.next_one()


async def test_sessionThatReconnects_keepsTheTurnOfAHolderThatStays(http, holder, room_server, room):
    one = await holder(59)
    path = f"/v1/sessions/{one.session['id']}/events"
    async with events(http, path, types="session.reconnecting,session.active") as stream:
        assert (await room_server.faults(kill_signalling={"identity": "agent", "room": room}))["killed"] == 1
        assert [event.type for event in await stream.take(2)] == ["session.reconnecting", "session.active"]
    # It is not ended a little later either.
    await one.speaker.reach(one.speaker.position() + 1200)
    session = await get_session(http, one.session["id"])
    assert session["turn"]["id"] == one.turn["turn_id"] and session["floor"]["holder"] == "alice"
    reply = await end(one.alice, one.turn)
    assert reply.ok, reply.body
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    await one.next_one()


async def test_clientsComingAndGoing_neverLeaveATakenFloor(http, room_server, make_session, room):
    """Eight times: take the floor, say something or not, go in one of four ways; the next one can speak."""
    from peers import Peer, token

    session = await make_session(turn_policy=audio_policy(keep_turn_audio=False))
    for number in range(8):
        peer = await Peer(f"guest-{number}").join(room_server, token(f"guest-{number}", room, can_update_own_metadata=True))
        await peer.sees_active("agent")
        speaker = await CodedSpeaker(peer, 60).publish()
        await has_audio(http, session, f"guest-{number}")
        begun = (await start(peer)).result
        assert begun["epoch"] == number + 1
        await asyncio.sleep(0.1)
        way, began = number % 4, time.monotonic()
        if way == 0:
            speaker.mute()
        elif way == 1:
            await speaker.unpublish()
        elif way == 2:
            assert (await end(peer, begun)).ok
        # Until it is gone it sends, so that the watchdog has nothing to find.
        await peer.leave()
        await speaker.stop()
        outcome = (await ended_turn(http, session["id"], begun["turn_id"]))["outcome"]
        await free_floor(http, session["id"])
        # Who takes longer than the grace to go after it fell silent has had its turn.
        is_late = way < 2 and time.monotonic() - began >= GRACE_SECONDS
        assert outcome in ({"committed", "empty"} if way == 2 or is_late else set()) | ({"holder_left"} if way != 2 else set())
    shown = await get_session(http, session["id"])
    assert shown["turn"] is None and shown["floor"] == {"holder": None, "queue": []} | {
        key: None for key in shown["floor"] if key not in ("holder", "queue")}
    assert done(await http.get(f"/v1/sessions/{session['id']}/incidents"))["data"] == []
