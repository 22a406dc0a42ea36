"""Who is heard, why, and that everybody is told."""

import asyncio
import json

import pytest

from support.answers import done, problem, put_state, until
from support.audio_reader import StreamReader
from support.decoder import Timeline, decode
from support.hearing import hears_in_turns, hears_openly
from support.speaker import CodedSpeaker
from support.turns import audio_policy, cancel, end, get_session, start
from test_rpc import together

ATTRIBUTE = TOPIC = "turngate.gate"
# How far from a call of the API its edge may be: the lag of the audio, a frame. On a busy machine the lag changes by more
# than anybody can know at that moment.
EDGE_MS, BUSY_EDGE_MS = 200.0, 700.0
# How long a test listens, and more.
REACH_MS = 8000
REASONS = {"api", "policy", "turn", "no_turn", "not_holder", "unavailable"}


async def audio_input(http, session: dict) -> dict:
    found = done(await http.get(f"/v1/sessions/{session['id']}/audio-input"))
    assert {"enabled", "reason", "since", "participants", "readers"} <= found.keys()
    assert all(one["reason"] in REASONS and one["gate"] in ("open", "closed") for one in found["participants"])
    return found


async def gates(http, session: dict) -> dict[str, tuple[str, str]]:
    return {one["identity"]: (one["gate"], one["reason"]) for one in (await audio_input(http, session))["participants"]}


async def set_gate(http, session: dict, enabled: bool, status: int = 200, **fields) -> dict:
    return done(await http.put(f"/v1/sessions/{session['id']}/audio-input", json={"enabled": enabled} | fields), status)


async def has_audio(http, session: dict, *identities: str) -> None:
    """Waits until the agent has their tracks."""
    async def look() -> bool:
        found = await gates(http, session)
        return all(found.get(name, ("", "unavailable"))[1] != "unavailable" for name in identities)

    await until(look, f"audio of {identities}")


def told_heard(peer, since: int = 0) -> list[list[str]]:
    """The data messages about the gate, oldest first."""
    packets = [arguments[0] for name, arguments in peer.events[since:] if name == "data_received"]
    return [json.loads(bytes(packet.data))["heard"] for packet in packets if packet.topic == TOPIC]


def shown_heard(peer) -> list[str] | None:
    value = peer.room.remote_participants["agent"].attributes.get(ATTRIBUTE)
    return None if value is None else json.loads(value)


@pytest.fixture
async def scene(http, room_server, join, make_session):
    """`await scene("alice", "bob", policy…)`: a session, its clients, all talking all the time, and a reader."""
    speakers, readers = [], []

    class Scene:
        def __init__(self, session: dict, names: tuple[str, ...], peers: list) -> None:
            self.session, self.peers = session, dict(zip(names, peers))
            self.speakers: dict[str, CodedSpeaker] = {}

        async def settle(self, is_open: bool) -> None:
            """All are heard, and for a while, so that the jitter buffers have found their depth."""
            if is_open:
                await hears_openly(http, self.session, *self.peers)
            else:
                await hears_in_turns(http, self.session, *self.peers.values())
            await self.talk(1000)

        async def talk(self, milliseconds: float) -> None:
            """They go on talking for so long."""
            first = next(iter(self.speakers.values()))
            await first.reach(first.position() + milliseconds)

        async def read(self, **parameters) -> StreamReader:
            readers.append(await StreamReader(http, self.session["id"], sample_rate=16_000, **parameters).open())
            return readers[-1]

        async def stop(self, *reading: StreamReader) -> None:
            """They fall silent, once `reading` have what was said until now, as far as the gate is open."""
            await self.talk(300)
            for speaker in self.speakers.values():
                await speaker.stop()
            for reader in reading:
                await reader.gets_all()

        def heard(self, reader: StreamReader, name: str) -> Timeline:
            speaker = self.speakers[name]
            return decode(reader.samples(), reader.rate, speaker.number, speaker.position(reader.opened), REACH_MS)

    async def make(*names: str, **policy) -> Scene:
        session = await make_session(turn_policy=audio_policy(keep_turn_audio=False) | policy)
        made = Scene(session, names, await together(http, session, room_server, join, *names))
        for number, name in enumerate(names, 41):
            made.speakers[name] = await CodedSpeaker(made.peers[name], number).publish()
            speakers.append(made.speakers[name])
        await has_audio(http, session, *names)
        await made.settle(policy.get("mode") == "open")
        return made

    yield make
    for reader in readers:
        await reader.close()
    for speaker in speakers:
        await speaker.stop()


# Turns

async def test_byHand_onlyTheHolderIsHeardAndTheReasonIsShown(http, scene):
    one = await scene("alice", "bob")
    reader = await one.read()
    assert await gates(http, one.session) == {"alice": ("closed", "no_turn"), "bob": ("closed", "no_turn")}
    await one.talk(300)
    assert reader.ms == 0
    begun = (await start(one.peers["bob"])).result
    assert await gates(http, one.session) == {"alice": ("closed", "not_holder"), "bob": ("open", "turn")}
    shown = {part["identity"]: part["audio"]["gate"] for part in (await get_session(http, one.session["id"]))["participants"]
             if part["kind"] == "standard"}
    assert shown == {"alice": "closed", "bob": "open"}
    await one.talk(400)
    assert (await end(one.peers["bob"], begun)).ok
    assert await gates(http, one.session) == {"alice": ("closed", "no_turn"), "bob": ("closed", "no_turn")}
    await one.stop(reader)
    assert one.heard(reader, "bob").total("signal") > 600
    assert one.heard(reader, "alice").total("signal") < 25


async def test_everybodyIsToldWhoIsHeard(http, scene):
    one = await scene("alice", "bob")
    alice, bob = one.peers["alice"], one.peers["bob"]
    marks = {peer: peer.mark() for peer in (alice, bob)}
    begun = (await start(alice)).result
    for peer in (alice, bob):
        await peer.until(lambda: shown_heard(peer) == ["alice"])
        await peer.until(lambda: told_heard(peer, marks[peer])[-1:] == [["alice"]])
    happened = [arguments[0] for name, arguments in bob.events[marks[bob]:] if name == "data_received"]
    packets = [packet for packet in happened if packet.topic == TOPIC]
    news = json.loads(bytes(packets[-1].data))
    assert (news["turn_id"], news["epoch"], news["agent_state"]) == (begun["turn_id"], begun["epoch"], "listening")
    assert packets[-1].participant.identity == "agent"
    assert (await cancel(alice, begun)).ok
    for peer in (alice, bob):
        await peer.until(lambda: shown_heard(peer) in ([], None))
        await peer.until(lambda: told_heard(peer, marks[peer])[-1] == [])


# The agent's state

async def test_agentsState_shutsAndOpensTheGateInTheMiddleOfATurn(http, scene, quiet):
    one = await scene("alice", allow_interruptions=True)
    alice, speaker = one.peers["alice"], one.speakers["alice"]
    reader = await one.read()
    begun = await start(alice)
    await one.talk(400)
    shut = [speaker.position()]
    await put_state(http, one.session["id"], "thinking")
    shut.append(speaker.position())
    assert await gates(http, one.session) == {"alice": ("closed", "policy")}
    assert (await audio_input(http, one.session))["enabled"] is False
    # For longer than the doubt about both of its edges.
    await one.talk(1200)
    opened = [speaker.position()]
    await put_state(http, one.session["id"], "listening")
    opened.append(speaker.position())
    assert await gates(http, one.session) == {"alice": ("open", "turn")}
    await one.talk(400)
    assert (await end(alice, begun.result)).ok
    await one.stop(reader)
    timeline = one.heard(reader, "alice")
    lost_from, lost_to = max(timeline.missing(timeline.first, timeline.last), key=lambda part: part[1] - part[0])
    assert not [gap for gap in timeline.gaps if 15 < gap.length < 300 and not gap.concealed], str(timeline)
    assert is_near(lost_from, shut, quiet) and is_near(lost_to, opened, quiet), (shut, opened, str(timeline))


def is_near(edge: float, call: list[float], quiet) -> bool:
    """Whether an edge is where the call was, which began and ended at these positions."""
    doubt = EDGE_MS if quiet.is_quiet else BUSY_EDGE_MS
    return call[0] - doubt <= edge <= call[1] + doubt


async def test_stateThatNoListNames_leavesTheGate(http, scene):
    one = await scene("alice", mode="open", open_audio_on=["listening"], close_audio_on=["speaking"])
    for state, gate in (("thinking", "open"), ("idle", "open"), ("speaking", "closed"), ("idle", "closed"),
                        ("thinking", "closed"), ("listening", "open")):
        await put_state(http, one.session["id"], state)
        assert (await gates(http, one.session))["alice"] == (gate, "policy"), state


async def test_startDuringThinking_opensTheGateForWhatIsSaidFromThen(http, scene, quiet):
    one = await scene("alice")
    await put_state(http, one.session["id"], "thinking")
    reader = await one.read()
    begun = await start(one.peers["alice"])
    asked = one.speakers["alice"].position(begun.asked)
    await one.talk(400)
    assert (await end(one.peers["alice"], begun.result)).ok
    await one.stop(reader)
    timeline = one.heard(reader, "alice")
    assert timeline.first <= asked + 30 and timeline.last >= asked + 380, str(timeline)
    assert not timeline.missing(asked + 30, asked + 380) or not quiet.is_quiet, str(timeline)
    assert not [gap for gap in timeline.gaps if gap.length > 15 and not gap.concealed], str(timeline)


# By hand

async def test_gateByHand_goesBeforeAllElseAndShowsWhy(http, scene):
    one = await scene("alice", "bob", mode="open")
    reader = await one.read()
    shut = await set_gate(http, one.session, False, reason="lunch")
    assert (shut["enabled"], shut["reason"], shut["note"]) == (False, "api", "lunch")
    assert await gates(http, one.session) == {"alice": ("closed", "api"), "bob": ("closed", "api")}
    shown = (await get_session(http, one.session["id"]))["audio_input"]
    assert (shown["enabled"], shown["reason"]) == (False, "api") and shown["since"] == shut["since"]
    await reader.gets_all()
    before = reader.ms
    await put_state(http, one.session["id"], "thinking")
    await put_state(http, one.session["id"], "listening")
    await one.talk(500)
    assert reader.ms == before, "the hand's word is the last"
    opened = await set_gate(http, one.session, True)
    assert opened["enabled"] is True and opened["since"] >= shut["since"]
    await reader.gets(200)
    assert await gates(http, one.session) == {"alice": ("open", "policy"), "bob": ("open", "policy")}


async def test_gateByHandOfOne_leavesTheOthers(http, scene, quiet):
    one = await scene("alice", "bob", mode="open")
    await set_gate(http, one.session, False, participants=["bob"])
    await one.talk(300)
    reader = await one.read()
    assert await gates(http, one.session) == {"alice": ("open", "policy"), "bob": ("closed", "api")}
    await reader.gets(600)
    opened = [one.speakers["bob"].position()]
    await set_gate(http, one.session, True, participants=["bob"])
    opened.append(one.speakers["bob"].position())
    await reader.gets(800)
    assert await gates(http, one.session) == {"alice": ("open", "policy"), "bob": ("open", "policy")}
    await one.stop(reader)
    alice, bob = one.heard(reader, "alice"), one.heard(reader, "bob")
    assert alice.total("signal") > 1100 and bob.total("signal") > 500
    assert is_near(bob.first, opened, quiet), (opened, str(bob))


async def test_gateByHand_inATurn_isAHoleInItAndNotItsEnd(http, scene):
    one = await scene("alice")
    begun = (await start(one.peers["alice"])).result
    await set_gate(http, one.session, False, participants=["alice"])
    assert await gates(http, one.session) == {"alice": ("closed", "api")}
    assert (await get_session(http, one.session["id"]))["turn"]["id"] == begun["turn_id"]
    await set_gate(http, one.session, True, participants=["alice"])
    assert await gates(http, one.session) == {"alice": ("open", "turn")}
    assert (await end(one.peers["alice"], begun)).ok


@pytest.mark.parametrize(("body", "field"), [
    ({}, "enabled"), ({"enabled": "no"}, "enabled"), ({"enabled": True, "participants": []}, "participants"),
    ({"enabled": True, "participants": "alice"}, "participants"), ({"enabled": True, "shut": True}, "shut"),
    ({"enabled": False, "reason": "x" * 300}, "reason"), ({"enabled": False, "reason": 5}, "reason")])
async def test_gateByHand_withAWrongBody_isRefused(http, session, body, field):
    problem(await http.put(f"/v1/sessions/{session['id']}/audio-input", json=body), 400, "invalid-request", field)


async def test_gateByHand_ofNobody_isRefused(http, session):
    answer = await http.put(f"/v1/sessions/{session['id']}/audio-input", json={"enabled": False, "participants": ["ghost"]})
    assert problem(answer, 409, "participant-absent")["participant"] == "ghost"


# Without a floor

async def test_openMode_hearsAllMixed(http, scene, quiet):
    one = await scene("alice", "bob", mode="open")
    reader = await one.read()
    only = await one.read(participant="bob")
    assert await gates(http, one.session) == {"alice": ("open", "policy"), "bob": ("open", "policy")}
    await one.peers["alice"].until(lambda: sorted(shown_heard(one.peers["alice"]) or []) == ["alice", "bob"])
    await only.gets(2000)
    await one.stop(reader, only)
    alice, bob = one.heard(reader, "alice"), one.heard(reader, "bob")
    for timeline in (alice, bob):
        assert timeline.total("signal") > 1600, str(timeline)
        left_out = [gap for gap in timeline.gaps if gap.length > 15 and not gap.concealed]
        assert not left_out or not quiet.is_quiet, left_out
    # At the same time, not one after the other: what was said together is heard together.
    at = alice.signal[0].begin + 500
    together_said = [timeline.signal[0].said + at - timeline.signal[0].begin for timeline in (alice, bob)]
    moments = [one.speakers[name].moment(position) for name, position in zip(("alice", "bob"), together_said)]
    assert abs(moments[0] - moments[1]) < 0.15 or not quiet.is_quiet
    meanwhile = (only.opened - reader.opened) * 1000
    assert abs(reader.ms - only.ms) < 200 + meanwhile, "two at once take no longer than one"
    assert one.heard(only, "bob").total("signal") > 1600 and one.heard(only, "alice").total("signal") < 25


async def test_clientWithoutAudio_isUnavailable(http, room_server, join, session):
    await together(http, session, room_server, join, "alice")
    assert await gates(http, session) == {"alice": ("closed", "unavailable")}


# Paused

async def test_pauseMode_sendsTheAgentNothingWhileShut(http, scene, room_server, quiet):
    """The room server forwards nothing: no frame for the watchdog to miss, none to decode."""
    one = await scene("alice", closed_gate="pause")
    reader = await one.read()
    alice, speaker = one.peers["alice"], one.speakers["alice"]
    for _ in range(3):
        begun = await start(alice)
        asked = speaker.position(begun.asked)
        await said_in(http, one.session, begun.result, 400)
        over = await end(alice, begun.result)
        until_ended = speaker.position(over.answered)
        assert begun.result["pre_roll_ms"] == 0
        await one.talk(500)
    await one.stop(reader)
    timeline = one.heard(reader, "alice")
    assert timeline.total("signal") > 3 * 250, str(timeline)
    assert asked - 30 <= timeline.signal[-1].said and timeline.last <= until_ended + 60, str(timeline)
    incidents = done(await http.get(f"/v1/sessions/{one.session['id']}/incidents"))["data"]
    # What is held up on its way for long is missed rightly.
    assert incidents == [] or not quiet.is_quiet, incidents


async def said_in(http, session: dict, turn: dict, milliseconds: int) -> None:
    """Waits until so much was heard in a turn."""
    async def look() -> bool:
        return done(await http.get(f"/v1/sessions/{session['id']}/turns/{turn['turn_id']}"))["speech_ms"] >= milliseconds

    await until(look, f"{milliseconds} ms in a turn")


# The watchdog

@pytest.mark.quiet
async def test_trackThatSendsNothing_isFoundWithinASecond(http, scene, quiet, figures):
    """The gate is open, the track is not muted, and the device hangs."""
    one = await scene("alice")
    begun = (await start(one.peers["alice"])).result
    await said_in(http, one.session, begun, 300)
    assert done(await http.get(f"/v1/sessions/{one.session['id']}/incidents"))["data"] == []
    clock = asyncio.get_running_loop().time
    one.speakers["alice"].stall()
    began = clock()

    async def found() -> list:
        return done(await http.get(f"/v1/sessions/{one.session['id']}/incidents"))["data"]

    [incident] = await until(found, "an incident")
    took = clock() - began
    figures("watchdog, no frames", f"found after {took:.2f} s; {quiet.words()}")
    assert (incident["finding"], incident["turn_id"]) == ("no_frames", begun["turn_id"])
    assert incident["participant"] == "alice" and incident["detail"]
    # Two looks to find it, five more to see that it was no news on its way.
    assert took < 3 or not quiet.is_quiet
    one.speakers["alice"].resume()
    assert (await end(one.peers["alice"], begun)).ok
