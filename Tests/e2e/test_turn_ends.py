"""A client that goes, mutes or takes its track away in the middle of its turn: the right outcome, and the floor free."""

import asyncio
import time

import pytest

from support import wav
from support.answers import done
from support.coded_signal import RATE
from support.decoder import Timeline, decode
from support.speaker import CodedSpeaker
from support.turns import (audio_policy, end, ended_turn, free_floor, get_session, get_turn, start, turn_audio)
from test_gate import gates, has_audio
from test_rpc import together

GRACE_SECONDS = 1.0
# Less than a frame.
LOST_MS = 15.0


@pytest.fixture
async def holder(http, room_server, join, make_session):
    """`await holder(number)`: a session, a client that talks and has the floor, another that waits to have it."""
    speakers = []

    class Holder:
        def __init__(self, session, alice, bob, speaker) -> None:
            self.session, self.alice, self.bob, self.speaker = session, alice, bob, speaker
            self.turn: dict = {}

        async def begin(self) -> "Holder":
            self.turn = (await start(self.alice)).result
            await asyncio.sleep(0.4)
            return self

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
        await speaker.reach(1500)
        return await Holder(session, alice, bob, speaker).begin()

    yield make
    for speaker in speakers:
        await speaker.stop()


async def test_holderThatLeaves_endsTheTurnAtOnce(holder):
    one = await holder(51)
    await one.speaker.stop()
    began = time.monotonic()
    await one.alice.leave()
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("holder_left", "holder_left")
    assert time.monotonic() - began < 5 and turn["speech_ms"] > 200
    await one.next_one()


async def test_holderThatIsCutOff_endsTheTurnOnceTheRoomServerLetsItGo(holder, room_service, room):
    from livekit import api

    one = await holder(52)
    await room_service.remove_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("holder_left", "holder_left")
    await one.next_one()


async def test_holderThatMutes_endsTheTurnAfterTheGraceWithWhatItSaid(http, holder):
    one = await holder(53)
    began = time.monotonic()
    muted = one.speaker.position()
    one.speaker.mute()
    await asyncio.sleep(0.4)
    assert (await get_turn(http, one.session["id"], one.turn["turn_id"]))["status"] == "active", "there is a grace"
    turn = await one.ended()
    assert time.monotonic() - began >= GRACE_SECONDS - 0.1
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "holder_muted")
    timeline = await one.timeline()
    assert timeline.last <= muted + 60 and not timeline.missing(timeline.first, muted - 60), (muted, str(timeline))
    await one.next_one()


async def test_holderThatUnmutesWithinTheGrace_keepsItsTurn(http, holder):
    one = await holder(54)
    one.speaker.mute()
    await asyncio.sleep(0.4)
    one.speaker.unmute()
    back = one.speaker.position()
    await asyncio.sleep(1.2)
    assert (await get_turn(http, one.session["id"], one.turn["turn_id"]))["status"] == "active"
    reply = await end(one.alice, one.turn)
    assert reply.ok
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    timeline = await one.timeline()
    assert not timeline.missing(back + 400, one.speaker.position(reply.asked) - 40), str(timeline)


async def test_holderThatUnpublishes_endsTheTurnAfterTheGrace(holder):
    one = await holder(55)
    began = time.monotonic()
    await one.speaker.unpublish()
    turn = await one.ended()
    assert time.monotonic() - began >= GRACE_SECONDS - 0.1
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "holder_unpublished")
    await one.next_one()


def lost(timeline: Timeline, begin: float, end_: float) -> list[tuple[float, float]]:
    """What is missing there and is more than a jitter buffer's way to catch up, which is less than a frame."""
    return [gap for gap in timeline.missing(begin, end_) if gap[1] - gap[0] >= LOST_MS]


async def test_holderThatSwitchesItsDevice_keepsItsTurnAndIsHeardOnTheNewTrack(http, holder):
    one = await holder(56)
    before = one.speaker.position()
    await one.speaker.unpublish()
    await one.speaker.publish()
    after = one.speaker.position()
    await asyncio.sleep(1.5)
    assert await gates(http, one.session) | {"bob": None} == {"alice": ("open", "turn"), "bob": None}
    reply = await end(one.alice, one.turn)
    assert reply.ok
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    timeline = await one.timeline()
    assert not lost(timeline, timeline.first, before - 60), str(timeline)
    # The new track's first moments are the room server's and the new jitter buffer's.
    assert not lost(timeline, after + 700, one.speaker.position(reply.asked) - 40), (after, str(timeline))
    assert timeline.first < before - 300


async def test_holderThatUnpublishesBeforeAWord_isEmpty(holder, http):
    one = await holder(57, pre_roll_ms=0)
    assert (await end(one.alice, one.turn)).ok
    one.speaker.hush()
    await asyncio.sleep(0.4)
    await one.begin()
    await one.speaker.unpublish()
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("empty", "holder_unpublished")


@pytest.mark.quiet
async def test_turnPastItsLimit_keepsWhatWasSaidUntilThen(holder):
    one = await holder(58, max_turn_ms=1000)
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("timed_out", "max_turn")
    timeline = await one.timeline()
    # With the pre-roll, and with a frame or two of doubt.
    assert 1350 <= timeline.last - timeline.first <= 1700, str(timeline)
    assert not timeline.missing(timeline.first, timeline.last)
    await one.next_one()


async def test_sessionThatReconnects_keepsTheTurnOfAHolderThatStays(http, holder, room_server, room):
    one = await holder(59)
    assert (await room_server.faults(kill_signalling={"identity": "agent", "room": room}))["killed"] == 1
    await asyncio.sleep(1.5)
    session = await get_session(http, one.session["id"])
    assert session["turn"]["id"] == one.turn["turn_id"] and session["floor"]["holder"] == "alice"
    reply = await end(one.alice, one.turn)
    assert reply.ok, reply.body
    turn = await one.ended()
    assert (turn["outcome"], turn["end_reason"]) == ("committed", "end_turn")
    await one.next_one()


async def test_clientsComingAndGoing_neverLeaveATakenFloor(http, room_server, make_session, room):
    """Ten times: take the floor, say something or not, go in one of four ways; the next one can speak."""
    from peers import Peer, token

    session = await make_session(turn_policy=audio_policy(keep_turn_audio=False))
    outcomes = []
    for number in range(8):
        peer = await Peer(f"guest-{number}").join(room_server, token(f"guest-{number}", room, can_update_own_metadata=True))
        await peer.sees_active("agent")
        speaker = await CodedSpeaker(peer, 60).publish()
        await has_audio(http, session, f"guest-{number}")
        begun = (await start(peer)).result
        assert begun["epoch"] == number + 1
        await asyncio.sleep(0.1)
        way = number % 4
        if way == 0:
            speaker.mute()
        elif way == 1:
            await speaker.unpublish()
        elif way == 2:
            assert (await end(peer, begun)).ok
        await speaker.stop()
        await peer.leave()
        outcomes.append((await ended_turn(http, session["id"], begun["turn_id"]))["outcome"])
        await free_floor(http, session["id"])
    assert set(outcomes) <= {"holder_left", "committed", "empty"} and outcomes.count("holder_left") >= 4
    shown = await get_session(http, session["id"])
    assert shown["turn"] is None and shown["floor"] == {"holder": None, "queue": []} | {
        key: None for key in shown["floor"] if key not in ("holder", "queue")}
    assert done(await http.get(f"/v1/sessions/{session['id']}/incidents"))["data"] == []
