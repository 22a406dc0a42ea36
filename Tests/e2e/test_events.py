"""Server-sent events: what happens in a session, told in order and without a hole."""

import asyncio
import json
import random

import numpy
import pytest

from support import wav
from support.answers import done, history, problem, put_state, until
from support.service import environment
from support.sse import events
from test_rpc import ask, together

SOUND = (numpy.sin(numpy.arange(14_400) / 15) * 8_000).astype(numpy.int16)


def path_of(session: dict) -> str:
    return f"/v1/sessions/{session['id']}/events"


def assert_in_order(told: list) -> None:
    numbers = [event.data["seq"] for event in told]
    assert numbers == sorted(set(numbers)), numbers


async def test_wholeLife_isTold_inOrder_withTheSameJSONAsTheAPI(http, room_server, join, room):
    session = done(await http.post("/v1/sessions", json={"room": room, "labels": {"tenant": "acme"}}), 201)
    [alice] = await together(http, session, room_server, join, "alice")
    turn = json.loads(await ask(alice, "start_turn"))["result"]
    await ask(alice, "end_turn", json.dumps({"turn_id": turn["turn_id"]}))
    await put_state(http, session["id"], "thinking")
    await put_state(http, session["id"], "listening")
    done(await http.patch(f"/v1/sessions/{session['id']}", json={"labels": {"tenant": "other"}}))
    await alice.leave()

    async def gone() -> bool:
        return done(await http.get(f"/v1/sessions/{session['id']}"))["participants"] == []

    await until(gone, "a room without alice")
    done(await http.delete(f"/v1/sessions/{session['id']}"))
    async with events(http, path_of(session), **{"from": "start"}) as stream:
        told = await stream.rest()
    assert stream.retry and told[-1].type == "stream.closed" and told[-1].data == {"reason": "session_over"}
    told = told[:-1]
    assert [event.data["seq"] for event in told] == list(range(1, len(told) + 1))
    for event in told:
        assert event.id == event.data["id"] and event.type == event.data["type"]
        assert event.data["session_id"] == session["id"] and event.data["room"] == room
    types = [event.type for event in told]
    assert types[0] == "session.created" and types[-1] == "session.ended"
    assert {"session.active", "agent_state.changed", "participant.joined", "participant.left", "turn.started",
            "turn.ended", "rpc.invoked", "session.updated", "turn_notification.completed"} <= set(types)
    assert types.index("turn.started") < types.index("turn.ended")
    created = told[0].data["data"]
    assert created["labels"] == {"tenant": "acme"} and created["id"] == session["id"]
    shown = done(await http.get(f"/v1/sessions/{session['id']}/turns/{turn['turn_id']}"))
    [ended] = [event.data["data"] for event in told if event.type == "turn.ended"]
    assert {**ended, "audio_kept": None} == {**shown, "audio_kept": None}
    rows = await history(http, session["id"])
    steps = [event.data["data"] for event in told if event.type == "agent_state.changed"]
    assert [(step["seq"], step["new_state"], step["at"]) for step in steps] == [
        (row["seq"], row["new_state"], row["at"]) for row in rows]
    invoked = [event.data["data"] for event in told if event.type == "rpc.invoked" and event.data["data"]["direction"] == "in"]
    assert [one["method"] for one in invoked] == ["start_turn", "end_turn"]


async def test_liveStream_tellsWhatHappensFromNowOn(http, session):
    async with events(http, path_of(session)) as stream:
        await put_state(http, session["id"], "thinking")
        [first] = await stream.take(1)
        assert first.type == "agent_state.changed" and first.data["data"]["new_state"] == "thinking"
        await put_state(http, session["id"], "idle")
        [second] = await stream.take(1)
        assert second.data["seq"] == first.data["seq"] + 1


async def test_types_areFiltered_andUnknownOnesRefused(http, session):
    await put_state(http, session["id"], "thinking")
    async with events(http, path_of(session), **{"from": "start", "types": "session.created,session.active"}) as stream:
        assert [event.type for event in await stream.take(2)] == ["session.created", "session.active"]
    problem(await http.get(path_of(session), params={"types": "session.created,nonsense"}), 400, "invalid-request", "types")


async def test_lastEventID_goesOnWhereItWas(http, session):
    for state in ("thinking", "idle", "listening"):
        await put_state(http, session["id"], state)
    async with events(http, path_of(session), **{"from": "start", "types": "agent_state.changed"}) as stream:
        told = await stream.take(5)
    for place, event in enumerate(told[:-1]):
        async with events(http, path_of(session), event.id, types="agent_state.changed") as stream:
            rest = await stream.take(len(told) - place - 1)
        assert [one.id for one in rest] == [one.id for one in told[place + 1:]]
    async with events(http, path_of(session), last_event_id=told[0].id, types="agent_state.changed") as stream:
        assert (await stream.take(1))[0].id == told[1].id


@pytest.mark.parametrize("identifier, status, slug", [
    ("nonsense", 400, "invalid-request"), ("evt_", 400, "invalid-request"),
    ("ses_01JDXN5Q5ZXW2Q4D4GSK9VZ9RB", 400, "invalid-request"), ("evt_01JDXN5Q5ZXW2Q4D4GSK9VZ9RB", 410, "event-not-found")])
async def test_lastEventID_thatIsNone_isRefused(http, session, identifier, status, slug):
    problem(await http.get(path_of(session), headers={"Last-Event-ID": identifier}), status, slug)


async def test_lastEventID_ofAnotherSession_is410(http, session, make_session):
    async with events(http, path_of(session), **{"from": "start"}) as stream:
        [first] = await stream.take(1)
    other = await make_session(agent={"identity": "second"})
    problem(await http.get(path_of(other), headers={"Last-Event-ID": first.id}), 410, "event-not-found")


async def test_sessionThatIsOver_hasNothingMoreToTell_andABrowserStopsAsking(http, room):
    session = done(await http.post("/v1/sessions", json={"room": room}), 201)
    async with events(http, path_of(session), **{"from": "start"}) as stream:
        await stream.until("session.active")
        done(await http.delete(f"/v1/sessions/{session['id']}"))
        told = await stream.rest()
    assert [event.type for event in told[-2:]] == ["session.ended", "stream.closed"]
    # At once, and not an empty stream first.
    again = await http.get(path_of(session), headers={"Last-Event-ID": stream.last_id})
    assert again.status_code == 204 and again.content == b""
    problem(await http.get("/v1/sessions/ses_01JDXN5Q5ZXW2Q4D4GSK9VZ9RB/events"), 404, "session-not-found")


async def test_heartbeats_comeWhileNothingHappens(http, session):
    async with events(http, path_of(session), heartbeat_s=1) as stream:
        reading = asyncio.ensure_future(stream.next(10))

        async def beats() -> bool:
            return sum("heartbeat" in comment for comment in stream.comments) >= 2

        await until(beats, "two heartbeats")
        assert not reading.done()
        reading.cancel()


async def test_streamOfAllSessions_hasEachOnesInOrder(http, room, other_room):
    async with events(http, "/v1/events") as stream:
        made = []
        for name in (room, other_room):
            made.append(done(await http.post("/v1/sessions", json={"room": name}), 201))
        for _ in range(3):
            for session in made:
                await put_state(http, session["id"], "thinking")
                await put_state(http, session["id"], "listening")
        for session in made:
            done(await http.delete(f"/v1/sessions/{session['id']}"))
        told = []
        while sum(event.type == "session.ended" for event in told) < 2:
            told += await stream.take(1)
    ours = {session["id"] for session in made}
    for identifier in ours:
        mine = [event for event in told if event.data["session_id"] == identifier]
        assert [event.data["seq"] for event in mine] == list(range(1, len(mine) + 1))


async def test_readerThatComesAgainAndAgain_hasEachEventExactlyOnce(http, session):
    """A browser on a bad line: cut off at every place while events keep coming."""
    random.seed(4)
    count = 150

    async def happen() -> None:
        for number in range(count):
            await put_state(http, session["id"], ("thinking", "listening")[number % 2])

    happening = asyncio.ensure_future(happen())
    told, last_id = [], None
    while sum(event.type == "agent_state.changed" for event in told) < count + 2:
        options = {} if last_id else {"from": "start"}
        async with events(http, path_of(session), last_id, **options) as stream:
            told += await stream.take(random.randint(1, 12))
            last_id = stream.last_id
    await happening
    assert [event.data["seq"] for event in told] == list(range(1, len(told) + 1))


async def test_databaseThatIsAway_keepsStreamsOpen_andNothingIsLost(own_cluster, room_server, serve, room):
    service = await serve(environment(own_cluster.url, room_server))
    async with service.client() as http:
        session = done(await http.post("/v1/sessions", json={"room": room}), 201)
        async with events(http, path_of(session), **{"from": "start", "types": "agent_state.changed"}) as stream:
            await stream.take(2)
            own_cluster.stop()
            await put_state(http, session["id"], "thinking", 202)
            await put_state(http, session["id"], "idle", 202)
            own_cluster.start()
            told = await stream.take(2, 40)
            assert [event.data["data"]["new_state"] for event in told] == ["thinking", "idle"]
        done(await http.delete(f"/v1/sessions/{session['id']}"))


async def test_serviceThatStops_saysSo(cluster, room_server, serve, room):
    service = await serve(environment(cluster.new_database(), room_server))
    async with service.client() as http:
        async with events(http, "/v1/events") as stream:
            assert await service.stop() == 0
            told = await stream.rest()
        assert told[-1].type == "stream.closed" and told[-1].data == {"reason": "shutting_down"}
        assert told[-1].id is None


async def test_speechAndGate_areTold(http, room_server, join, make_session):
    session = await make_session()
    await together(http, session, room_server, join, "alice")
    async with events(http, path_of(session), types="speech.started,speech.ended") as stream:
        spoken = done(await http.post(f"/v1/sessions/{session['id']}/speech", params={"wait_ms": 10_000},
                                      content=wav.write(SOUND, 48_000), headers={"Content-Type": "audio/wav"}), 201)
        started, ended = await stream.take(2)
    assert (started.type, ended.type) == ("speech.started", "speech.ended")
    assert ended.data["data"]["id"] == spoken["id"] and ended.data["data"]["status"] == "completed"
