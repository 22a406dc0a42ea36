"""Who has the floor: one holder, the rest told who it is, waiting first come first served; stale calls change nothing."""

import asyncio
import json

import pytest
from livekit import rtc

from support.answers import done, last_row, pages, problem, put_state, until
from support.figures import spread
from support.service import READER, WRITER
from support.turns import ask, audio_policy, cancel, end, ended_turn, floor, free_floor, get_session, get_turn, start
from test_rpc import together
from test_turn_notifications import listen, told

RACES = 200
NOBODY = {"turn_id": "turn_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"}


@pytest.fixture
async def session(make_session):
    """A session by hand in which nobody is told anything but offers."""
    return await make_session(turn_policy=audio_policy(keep_turn_audio=False))


def path(session: dict, *parts: str) -> str:
    return "/".join([f"/v1/sessions/{session['id']}", *parts])


async def take(http, session: dict, participant: str, status: int = 201, **fields) -> dict:
    answer = await http.post(path(session, "turns"), json={"participant": participant} | fields)
    return done(answer, status)


# One holder

async def test_raceForTheFloor_hasOneWinnerAndTheLoserIsToldWho_twoHundredTimes(
        http, room_server, join, session, quiet, figures):
    peers = dict(zip(("alice", "bob"), await together(http, session, room_server, join, "alice", "bob")))
    won, travel = {"alice": 0, "bob": 0}, []
    for number in range(RACES):
        # Who calls first in the test's own order takes turns.
        order = sorted(peers, reverse=number % 2 == 1)
        replies = dict(zip(order, await asyncio.gather(*(start(peers[name]) for name in order))))
        [winner] = [name for name, reply in replies.items() if reply.ok]
        [loser] = [name for name in order if name != winner]
        result, refusal = replies[winner].result, replies[loser].refused("floor_taken")
        assert result["holder"] == winner and result["epoch"] == number + 1
        assert (refusal["holder"], refusal["turn_id"], refusal["epoch"]) == (winner, result["turn_id"], number + 1)
        assert winner in refusal["error"]
        assert (await (cancel if number % 3 else end)(peers[winner], result)).ok
        won[winner] += 1
        travel += [reply.travel_ms for reply in replies.values()]
    figures("floor, race", f"alice won {won['alice']}, bob {won['bob']} of {RACES}; start_turn took {spread(travel)}; "
            f"{quiet.words()}")
    turns = [turn for page in await pages(http, path(session, "turns"), {"limit": 77}) for turn in page]
    assert [turn["epoch"] for turn in turns] == list(range(RACES, 0, -1))
    assert all(turn["status"] == "ended" for turn in turns)
    assert {name: sum(turn["holder"] == name for turn in turns) for name in won} == won


async def test_raceOfClientAndBackend_hasOneWinner(http, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    for _ in range(40):
        reply, answer = await asyncio.gather(
            start(alice), http.post(path(session, "turns"), json={"participant": "bob"}))
        if reply.ok:
            conflict = problem(answer, 409, "floor-taken")
            assert (conflict["holder"], conflict["turn_id"]) == ("alice", reply.result["turn_id"])
            assert (await cancel(alice, reply.result)).ok
        else:
            turn = done(answer, 201)
            assert reply.refused("floor_taken")["holder"] == turn["holder"] == "bob"
            done(await http.post(path(session, "turns", turn["id"], "cancel"), json={"epoch": turn["epoch"]}))


async def test_startByTheHolder_answersItsRunningTurn(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    first, second = (await start(alice)).result, (await start(alice)).result
    assert second["already_started"] is True and second["turn_id"] == first["turn_id"]
    assert second["epoch"] == first["epoch"] == 1
    again = done(await http.post(path(session, "turns"), json={"participant": "alice"}))
    assert again["id"] == first["turn_id"]
    assert (await cancel(alice, first)).ok


async def test_session_showsTurnAndFloor(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    begun = (await start(alice)).result
    shown = await get_session(http, session["id"])
    assert shown["floor"]["holder"] == "alice" and shown["floor"]["queue"] == []
    assert (shown["turn"]["id"], shown["turn"]["holder"], shown["turn"]["epoch"]) == (begun["turn_id"], "alice", 1)
    state = (await ask(alice, "get_turn_state")).result
    assert (state["turn"]["turn_id"], state["turn"]["holder"], state["turn"]["epoch"]) == (begun["turn_id"], "alice", 1)
    assert state["floor"]["holder"] == "alice" and state["you"]["is_holder"] is True
    assert (state["mode"], state["agent_state"]) == ("manual", "listening")
    turn = await get_turn(http, session["id"], begun["turn_id"])
    assert turn["started_by"] == {"cause": "rpc", "actor": "alice"}
    assert (turn["status"], turn["outcome"], turn["ended_at"]) == ("active", None, None)
    assert (await end(alice, begun)).ok
    shown = await get_session(http, session["id"])
    assert shown["turn"] is None and shown["floor"]["holder"] is None
    state = (await ask(alice, "get_turn_state")).result
    assert state.get("turn") is None and state["floor"].get("holder") is None and state["you"]["is_holder"] is False


async def test_openMode_hasNoFloor(http, room_server, join, make_session):
    session = await make_session(turn_policy=audio_policy(mode="open"))
    [alice] = await together(http, session, room_server, join, "alice")
    (await start(alice)).refused("no_floor")
    problem(await http.post(path(session, "turns"), json={"participant": "alice"}), 409, "no-floor")
    assert done(await http.get(path(session, "turns")))["data"] == []


# Waiting

async def test_queue_isFirstComeFirstServed(http, room_server, join, session):
    names = ["alice", "bob", "carol", "dave"]
    peers = dict(zip(names, await together(http, session, room_server, join, *names)))
    offers = {name: listen(peer) for name, peer in peers.items()}
    running = (await start(peers["alice"])).result
    for place, name in enumerate(names[1:], 1):
        waiting = (await start(peers[name], queue=True)).result
        assert (waiting["queued"], waiting["place"], waiting["holder"]) == (True, place, "alice")
    assert (await floor(http, session["id"]))["queue"] == names[1:]
    # Asking again does not move anybody.
    assert (await start(peers["carol"], queue=True)).result["place"] == 2
    for at, name in enumerate(names[1:], 1):
        assert (await end(peers[names[at - 1]], running)).ok
        _, payload = await told(offers[name])
        offer = json.loads(payload)
        assert offer["turn_offer"] is True and 0 < offer["expires_in_ms"] <= 5000
        for other in names:
            if other != name:
                refusal = (await start(peers[other])).refused("floor_taken")
                assert refusal["holder"] == name
        running = (await start(peers[name])).result
        assert running["holder"] == name and running["epoch"] == at + 1
        assert (await floor(http, session["id"]))["queue"] == names[at + 1:]
    assert (await end(peers["dave"], running)).ok
    assert all(queue.empty() for queue in offers.values())
    assert (await free_floor(http, session["id"]))["floor"]["queue"] == []


async def test_offerThatNobodyTakes_goesToTheNextAfterFiveSeconds(http, room_server, join, session, quiet, figures):
    names = ["alice", "bob", "carol"]
    alice, bob, carol = await together(http, session, room_server, join, *names)
    for_bob, for_carol = listen(bob), listen(carol)
    clock = asyncio.get_running_loop().time
    running = (await start(alice)).result
    for peer in (bob, carol):
        assert (await start(peer, queue=True)).result["queued"]
    # The offer is not made before it.
    began = clock()
    assert (await end(alice, running)).ok
    await told(for_bob)
    await told(for_carol)
    kept = clock() - began
    figures("floor, offer", f"kept for {kept:.2f} s; {quiet.words()}")
    assert 5 <= kept and (kept < 5.6 or not quiet.is_quiet)
    (await start(bob)).refused("floor_taken")
    assert (await start(carol)).result["holder"] == "carol"


async def test_queuedWhoLeaves_isPassedOver(http, room_server, join, session):
    alice, bob, carol = await together(http, session, room_server, join, "alice", "bob", "carol")
    for_carol = listen(carol)
    running = (await start(alice)).result
    for peer in (bob, carol):
        assert (await start(peer, queue=True)).result["queued"]
    await bob.leave()

    async def gone() -> bool:
        return (await floor(http, session["id"]))["queue"] == ["carol"]

    await until(gone, "a queue without bob")
    assert (await end(alice, running)).ok
    await told(for_carol)
    assert (await start(carol)).ok


async def test_queueByTheAPI_answersThePlace(http, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    for_bob = listen(bob)
    turn = await take(http, session, "alice")
    waiting = await take(http, session, "bob", 202, queue=True)
    assert waiting == {"queued": True, "participant": "bob", "place": 1, "holder": "alice"}
    done(await http.post(path(session, "turns", turn["id"], "end")))
    await told(for_bob)
    assert (await start(bob)).result["epoch"] == 2


# By the backend

async def test_turnByTheAPI_isWhatTheClientsMakes(http, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    answer = await http.post(path(session, "turns"), json={"participant": "alice"})
    turn = done(answer, 201)
    assert answer.headers["location"] == path(session, "turns", turn["id"])
    assert turn["session_id"] == session["id"] and (turn["epoch"], turn["holder"]) == (1, "alice")
    assert turn["started_by"] == {"cause": "api", "actor": "ops"}
    assert (turn["status"], turn["outcome"], turn["end_reason"], turn["ended_at"]) == ("active", None, None, None)
    assert (await start(bob)).refused("floor_taken")["turn_id"] == turn["id"]
    assert (await start(alice)).result["already_started"] is True
    ended = done(await http.post(path(session, "turns", turn["id"], "end"), json={"epoch": 1}))
    assert (ended["status"], ended["outcome"], ended["end_reason"]) == ("ended", "empty", "end_turn")
    assert ended["ended_at"] >= ended["started_at"] and await get_turn(http, session["id"], turn["id"]) == ended
    taken = await take(http, session, "bob")
    cancelled = done(await http.post(path(session, "turns", taken["id"], "cancel")))
    assert (cancelled["outcome"], cancelled["end_reason"]) == ("cancelled", "cancel_turn")
    listed = done(await http.get(path(session, "turns"), params={"outcome": "cancelled"}))["data"]
    assert [one["id"] for one in listed] == [taken["id"]]


async def test_preempt_takesTheFloorAndNeedsTheScope(http, service, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    running = (await start(alice)).result
    async with service.client(WRITER) as writer:
        body = {"participant": "bob", "preempt": True}
        problem(await writer.post(path(session, "turns"), json=body), 403, "forbidden")
        assert (await floor(http, session["id"]))["holder"] == "alice"
        problem(await writer.post(path(session, "turns"), json={"participant": "bob"}), 409, "floor-taken")
    async with service.client(READER) as reader:
        problem(await reader.post(path(session, "turns"), json={"participant": "bob"}), 403, "forbidden")
    turn = await take(http, session, "bob", preempt=True)
    assert (turn["holder"], turn["epoch"]) == ("bob", 2)
    before = await ended_turn(http, session["id"], running["turn_id"])
    assert (before["outcome"], before["end_reason"]) == ("preempted", "preempted")
    (await end(alice, running)).refused("stale_turn")
    assert (await end(bob, {"turn_id": turn["id"]})).ok


async def test_preempt_isNotForClients(http, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    assert (await start(alice)).ok
    reply = await start(bob, preempt=True)
    assert not reply.ok and reply.body["code"] in ("invalid_payload", "floor_taken")
    assert (await floor(http, session["id"]))["holder"] == "alice"


async def test_absentParticipant_cannotHaveTheFloor(http, room_server, join, session):
    conflict = problem(await http.post(path(session, "turns"), json={"participant": "ghost"}), 409, "participant-absent")
    assert conflict["participant"] == "ghost"
    assert (await floor(http, session["id"]))["holder"] is None


async def test_turnsOfNobody_areNotFound(http, session):
    for answer in (await http.get(path(session, "turns", NOBODY["turn_id"])),
                   await http.post(path(session, "turns", NOBODY["turn_id"], "end")),
                   await http.post(path(session, "turns", NOBODY["turn_id"], "cancel"))):
        problem(answer, 404, "turn-not-found")


# Stale calls

async def test_staleCalls_changeNothingAndNameThePresentTurn(http, room_server, join, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    old = (await start(alice)).result
    assert (await end(alice, old)).ok
    before = await get_turn(http, session["id"], old["turn_id"])
    for call in (end, cancel):
        refusal = (await call(alice, old)).body
        assert refusal["success"] is False and refusal["code"] in ("stale_turn", "no_turn") and refusal["error"]
    new = (await start(alice)).result
    for call in (end, cancel):
        for stale in (await call(alice, old), await call(alice, new, epoch=old["epoch"]),
                      await ask(alice, f"{call.__name__}_turn", {"epoch": old["epoch"]}),
                      await ask(alice, f"{call.__name__}_turn", {"epoch": 99}), await call(alice, NOBODY)):
            refusal = stale.refused("stale_turn")
            assert (refusal["turn_id"], refusal["epoch"]) == (new["turn_id"], new["epoch"])
        for body in ({}, {"epoch": old["epoch"]}, {"epoch": new["epoch"]}):
            answer = await http.post(path(session, "turns", old["turn_id"], call.__name__), json=body)
            conflict = problem(answer, 409, "stale-turn")
            assert (conflict["turn_id"], conflict["epoch"]) == (new["turn_id"], new["epoch"])
        wrong = await http.post(path(session, "turns", new["turn_id"], call.__name__), json={"epoch": old["epoch"]})
        problem(wrong, 409, "stale-turn")
    assert (await get_turn(http, session["id"], new["turn_id"]))["status"] == "active"
    assert await get_turn(http, session["id"], old["turn_id"]) == before
    (await end(bob, new)).refused("not_holder")
    (await cancel(bob, new)).refused("not_holder")
    assert (await ask(alice, "end_turn", {"epoch": new["epoch"]})).ok


async def test_callThatNamesNoTurn_isRefused(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    begun = (await start(alice)).result
    for method in ("end_turn", "cancel_turn"):
        (await ask(alice, method)).refused("turn_required")
        (await ask(alice, method, {})).refused("turn_required")
    assert (await get_turn(http, session["id"], begun["turn_id"]))["status"] == "active"


@pytest.mark.parametrize("payload", ["not json", "[]", "7", '{"queue": "yes"}', '{"turn_id": 5}', '{"epoch": "1"}', "{" * 1000])
async def test_payloadThatIsWrong_isRefusedAndChangesNothing(http, room_server, join, session, payload):
    [alice] = await together(http, session, room_server, join, "alice")
    for method in ("end_turn", "cancel_turn") if "queue" not in payload else ("start_turn",):
        (await ask(alice, method, payload)).refused("invalid_payload")
    assert (await floor(http, session["id"]))["holder"] is None
    assert (await start(alice)).ok


async def test_secondEndWhileTheFirstIsUnderWay_doesNotEndTwice(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    begun = (await start(alice)).result
    replies = await asyncio.gather(*(end(alice, begun) for _ in range(5)))
    assert any(reply.ok for reply in replies)
    assert all(reply.ok or reply.body["code"] == "stale_turn" for reply in replies)
    turn = await ended_turn(http, session["id"], begun["turn_id"])
    assert turn["outcome"] == "empty"
    assert (await start(alice)).result["epoch"] == 2


async def test_allOrdersOfTwoTurnsCalls_endEachTurnOnceAndByItsOwnCall(http, room_server, join, session):
    """Client and backend end and cancel at once, for many turns: each has exactly one outcome, and only the calls
    that were for that outcome were answered well."""
    [alice] = await together(http, session, room_server, join, "alice")
    for number in range(30):
        begun = (await start(alice)).result
        turn = begun["turn_id"]
        calls = [end(alice, begun), cancel(alice, begun),
                 http.post(path(session, "turns", turn, "cancel")), http.post(path(session, "turns", turn, "end"))]
        calls = calls[number % 4:] + calls[:number % 4]
        names = ["end", "cancel", "cancel", "end"]
        names = names[number % 4:] + names[:number % 4]
        answers = await asyncio.gather(*calls)
        well = [name for name, answer in zip(names, answers)
                if (answer.status_code == 200 if hasattr(answer, "status_code") else answer.ok)]
        shown = await ended_turn(http, session["id"], turn)
        expected = {"cancelled": "cancel", "empty": "end"}[shown["outcome"]]
        assert well and set(well) == {expected}, (well, shown)
        for answer in answers:
            if hasattr(answer, "status_code") and answer.status_code != 200:
                problem(answer, 409, "stale-turn")


# The agent's own state

async def test_startWhileTheAgentIsBusy_isRefusedWhereItMayNotBeInterrupted(http, room_server, join, make_session):
    session = await make_session(turn_policy=audio_policy(allow_interruptions=False, keep_turn_audio=False))
    [alice] = await together(http, session, room_server, join, "alice")
    for state in ("thinking", "speaking"):
        await put_state(http, session["id"], state)
        refusal = (await start(alice)).refused("agent_busy")
        assert state in refusal["error"]
        conflict = problem(await http.post(path(session, "turns"), json={"participant": "alice"}), 409, "agent-busy")
        assert conflict["agent_state"] == state
    assert (await floor(http, session["id"]))["holder"] is None
    await put_state(http, session["id"], "listening")
    assert (await start(alice)).ok


async def test_startWhileTheAgentIsBusy_stepsToListeningWhereItMayBeInterrupted(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    await put_state(http, session["id"], "thinking")
    begun = (await start(alice)).result
    last = await last_row(http, session["id"], "rpc")
    assert (last["old_state"], last["new_state"]) == ("thinking", "listening")
    assert (last["actor"], last["turn_id"]) == ("alice", begun["turn_id"])


async def test_turnPastItsLimit_isTimedOut(http, room_server, join, make_session, quiet, figures):
    session = await make_session(turn_policy=audio_policy(max_turn_ms=1000, keep_turn_audio=False))
    [alice] = await together(http, session, room_server, join, "alice")
    clock = asyncio.get_running_loop().time
    began, begun = clock(), (await start(alice)).result
    turn = await ended_turn(http, session["id"], begun["turn_id"])
    figures("floor, max_turn_ms 1000", f"ended after {clock() - began:.2f} s; {quiet.words()}")
    assert (turn["outcome"], turn["end_reason"]) == ("timed_out", "max_turn")
    assert clock() - began >= 0.95
    (await end(alice, begun)).refused("stale_turn")
    assert (await start(alice)).result["epoch"] == 2


async def test_sessionThatEnds_cancelsItsTurn(http, room_server, join, session):
    [alice] = await together(http, session, room_server, join, "alice")
    begun = (await start(alice)).result
    done(await http.delete(path(session)))
    turn = await get_turn(http, session["id"], begun["turn_id"])
    assert (turn["status"], turn["outcome"], turn["end_reason"]) == ("ended", "cancelled", "session_ended")
    problem(await http.post(path(session, "turns"), json={"participant": "alice"}), 409, "session-not-working")


async def test_builtinMethods_areListedAndCannotBeReplaced(http, session):
    methods = {one["name"]: one for one in done(await http.get(path(session, "rpc-methods")))["data"]}
    for name in ("start_turn", "end_turn", "cancel_turn", "get_turn_state"):
        assert methods[name]["builtin"] is True
        problem(await http.delete(path(session, "rpc-methods", name)), 409, "rpc-method-builtin")
    shown = await get_session(http, session["id"])
    assert {"start_turn", "end_turn", "cancel_turn", "get_turn_state"} <= set(shown["rpc_methods"])


async def test_clientOfAnotherSession_cannotTouchTheTurn(http, room_server, join, session, make_session, other_room):
    [alice] = await together(http, session, room_server, join, "alice")
    other = await make_session(room=other_room)
    begun = (await start(alice)).result
    for call in ("end", "cancel"):
        problem(await http.post(path(other, "turns", begun["turn_id"], call)), 404, "turn-not-found")
    problem(await http.get(path(other, "turns", begun["turn_id"])), 404, "turn-not-found")
    assert (await get_turn(http, session["id"], begun["turn_id"]))["status"] == "active"
    with pytest.raises(rtc.RpcError):
        await alice.me.perform_rpc(destination_identity="nobody", method="end_turn", payload="", response_timeout=1)


async def test_turnsWithoutAKey_areRefused(service, session):
    async with service.client(None) as http:
        problem(await http.get(path(session, "turns")), 401, "unauthenticated")
        problem(await http.post(path(session, "turns"), json={"participant": "alice"}), 401, "unauthenticated")
