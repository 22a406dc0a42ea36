"""What the service does while a part that it needs is away, and once it is back."""

import asyncio
import json
import signal
import socket

import pytest

from livekit import rtc

from support.answers import assert_no_hole, done, history, problem, put_state, session_with, until
from support.service import STOP_SECONDS, environment
from test_rpc import together
from test_turn_notifications import listen, told

ECHO = {"name": "echo", "handler": {"type": "echo"}}
ROWS_OF_AN_EXPORT = 30_000


class DeafServer:
    """A port that takes connections and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.close()


async def failed_session(http, conflict: dict, room: str, reason: str) -> None:
    """The session that a 502 speaks of is kept, with the reason."""
    session = done(await http.get(f"/v1/sessions/{conflict['session']}"))
    assert (session["room"], session["status"], session["end_reason"]) == (room, "failed", reason)
    assert session["end_detail"] and session["ended_at"] and session["activated_at"] is None
    listed = done(await http.get("/v1/sessions", params={"room": room, "status": "failed"}))["data"]
    assert conflict["session"] in [one["id"] for one in listed]


# The room server

async def test_roomServerThatIsDown_is502AndTheSessionIsKeptAsFailed(cluster, own_room_server, serve, room):
    service = await serve(environment(cluster.new_database(), own_room_server))
    await own_room_server.kill()
    async with service.client() as http:
        answer = await http.post("/v1/sessions", json={"room": room})
        await failed_session(http, problem(answer, 502, "room-unreachable"), room, "room_unreachable")
        # Nobody waits: the same end, found by looking.
        made = done(await http.post("/v1/sessions", params={"wait_ms": 0}, json={"room": room}), 202)
        assert (await session_with(http, made["id"], "failed"))["end_reason"] == "room_unreachable"
        unready = await http.get("/readyz")
        assert unready.status_code == 503 and unready.headers["retry-after"]
        states = {probe["name"]: probe["ready"] for probe in unready.json()["probes"]}
        assert states["database"] is True and list(states.values()).count(False) == 1
        await own_room_server.start()
        made = done(await http.post("/v1/sessions", json={"room": room}), 201)
        assert done(await http.get("/readyz"))["status"] == "ready"
        done(await http.delete(f"/v1/sessions/{made['id']}"))


async def test_secretThatTheRoomServerDoesNotKnow_is502TokenRefused(cluster, room_server, serve, room):
    variables = environment(cluster.new_database(), room_server, LIVEKIT_API_SECRET="quite-another-secret-that-is-long-too")
    service = await serve(variables)
    async with service.client() as http:
        answer = await http.post("/v1/sessions", json={"room": room})
        await failed_session(http, problem(answer, 502, "room-token-refused"), room, "room_token_refused")
        assert "quite-another-secret" not in answer.text
    assert all("quite-another-secret" not in json.dumps(line) for line in service.log)


async def test_roomServerThatNeverAnswers_is502WithinTheWait(cluster, serve, room):
    deaf = DeafServer()
    try:
        service = await serve(environment(cluster.new_database(), deaf))
        async with service.client() as http:
            # Two at once, for the time; httpx gives up well after the default wait.
            first, second = await asyncio.gather(
                http.post("/v1/sessions", json={"room": room}),
                http.post("/v1/sessions", params={"wait_ms": 200}, json={"room": f"{room}-2"}))
            await failed_session(http, problem(first, 502, "room-unreachable"), room, "room_unreachable")
            assert done(second, 202)["status"] == "connecting"
            assert (await session_with(http, second.json()["id"], "failed"))["end_reason"] == "room_unreachable"
    finally:
        deaf.close()


async def test_roomServerKilledWhileSessionsLive_theyReconnectWithAllTheyHad(own_service, own_room_server, join, room):
    async with own_service.client() as http:
        made = [done(await http.post("/v1/sessions", json={
            "room": room, "agent": {"identity": f"agent-{number}", "attributes": {"n": str(number)}},
            "rpc_methods": [ECHO], "empty_timeout_s": 0}), 201) for number in range(3)]
        await put_state(http, made[0]["id"], "thinking")
        await own_room_server.kill()
        for one in made:
            await session_with(http, one["id"], "reconnecting")
        # The history goes on meanwhile.
        await put_state(http, made[1]["id"], "speaking")
        await own_room_server.start()
        for one in made:
            await session_with(http, one["id"], "active", seconds=40)
        alice = await join(own_room_server, "alice")
        for number, state in enumerate(("thinking", "speaking", "listening")):
            agent = await alice.sees_active(f"agent-{number}")
            await alice.until(lambda: agent.attributes.get("lk.agent.state") == state)
            assert agent.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT and agent.attributes["n"] == str(number)
            answer = await alice.me.perform_rpc(destination_identity=agent.identity, method="echo", payload="back")
            assert answer == "back"
        for one, count in zip(made, (3, 3, 2)):
            rows = await history(http, one["id"])
            assert_no_hole(rows)
            assert len(rows) == count
            done(await http.delete(f"/v1/sessions/{one['id']}"))


@pytest.mark.long
async def test_roomServerThatStaysAway_failsTheSessionAfterTheBound(own_service, own_room_server, room):
    """The bound is a minute, and so is this test."""
    async with own_service.client() as http:
        session = done(await http.post("/v1/sessions", json={"room": room, "empty_timeout_s": 5}), 201)
        await own_room_server.kill()
        await session_with(http, session["id"], "reconnecting")
        await put_state(http, session["id"], "thinking")
        failed = await session_with(http, session["id"], "failed", seconds=120)
        assert failed["end_reason"] == "connection_lost" and failed["ended_at"]
        assert [row["new_state"] for row in await history(http, session["id"])] == [
            "initializing", "listening", "thinking"]
        again = await http.put(f"/v1/sessions/{session['id']}/agent-state", json={"state": "idle"})
        assert problem(again, 409, "session-not-working")["session_status"] == "failed"


async def test_signallingThatBreaksAlone_isRepaired(http, room_server, join, room, make_session):
    session = await make_session(rpc_methods=[ECHO])
    [alice] = await together(http, session, room_server, join, "alice")
    for refuse in (False, True):
        await room_server.faults(refuse_resume=refuse)
        try:
            assert (await room_server.faults(kill_signalling={"identity": "agent", "room": room}))["killed"] == 1

            async def look():
                try:
                    return await alice.me.perform_rpc(
                        destination_identity="agent", method="echo", payload="there", response_timeout=3) == "there"
                except rtc.RpcError:
                    return False

            assert await until(look, "an answer after the repair", 40)
        finally:
            await room_server.faults(refuse_resume=False)
    await session_with(http, session["id"], "active")


# PostgreSQL

async def test_databaseThatIsDown_liveSessionsGoOnAndTheirRowsComeLater(own_cluster, own_room_server, serve, join, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client() as http:
        session = done(await http.post("/v1/sessions", json={"room": room, "rpc_methods": [ECHO]}), 201)
        path = f"/v1/sessions/{session['id']}"
        [alice] = await together(http, session, own_room_server, join, "alice")
        turns = listen(alice)
        own_cluster.kill()

        refused = await http.post("/v1/sessions", json={"room": f"{room}-new"})
        problem(refused, 503, "store-unavailable")
        assert int(refused.headers["retry-after"]) >= 1
        needs = [f"{path}/agent-states", f"{path}/agent-states/summary", "/v1/agent-states", "/v1/sessions"]
        for answer in await asyncio.gather(
                *(http.get(need) for need in needs),
                http.get(f"{path}/agent-states", headers={"Accept": "text/csv"})):
            problem(answer, 503, "store-unavailable")
            assert answer.headers["retry-after"]

        assert done(await http.get("/healthz")) == {"status": "ok"}
        unready = await http.get("/readyz")
        assert unready.status_code == 503 and unready.json()["status"] == "unavailable"
        probes = {probe["name"]: probe for probe in unready.json()["probes"]}
        assert probes["database"]["ready"] is False and probes["database"]["problem"]

        assert done(await http.get(path))["status"] == "active"
        assert await alice.me.perform_rpc(destination_identity="agent", method="echo", payload="x") == "x"
        for state in ("thinking", "speaking"):
            row = await put_state(http, session["id"], state, 202)
            assert row["durable"] is False and row["changed"] is True
        agent = await alice.sees_active("agent")
        await alice.until(lambda: agent.attributes["lk.agent.state"] == "speaking")
        row = await put_state(http, session["id"], "listening", 202)
        assert await told(turns) == ("agent", "")
        receipt = done(await http.post(f"{path}/turn-notifications", json={"payload": "now"}), 201)
        assert await told(turns) == ("agent", "now")
        assert receipt["recipients"][0]["outcome"] == "acknowledged"

        own_cluster.start()

        async def ready():
            return (await http.get("/readyz")).status_code == 200

        await until(ready, "readiness after the database came back", 40)

        async def written():
            answer = await http.get(f"{path}/agent-states")
            return answer.json()["data"] if answer.status_code == 200 and len(answer.json()["data"]) == 5 else None

        rows = await until(written, "the rows that waited", 40)
        assert_no_hole(rows)
        assert [one["new_state"] for one in rows] == ["initializing", "listening", "thinking", "speaking", "listening"]
        assert rows[-1]["at"] == row["at"]
        stored = own_cluster.sql("SELECT string_agg(new_state, ' ' ORDER BY seq) FROM agent_state_transitions")
        assert stored == "initializing listening thinking speaking listening"
        assert done(await http.get(f"{path}/turn-notifications/{receipt['id']}")) == receipt
        assert (await put_state(http, session["id"], "idle"))["durable"] is True
        done(await http.post("/v1/sessions", json={"room": f"{room}-new"}), 201)
        done(await http.delete(path))


async def test_sessionEndedWhileTheDatabaseIsDown_isWrittenOnceItIsBack(own_cluster, own_room_server, serve, join, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client() as http:
        session = done(await http.post("/v1/sessions", json={"room": room}), 201)
        alice = await join(own_room_server, "alice")
        await alice.sees_active("agent")
        own_cluster.stop()
        leaving = done(await http.delete(f"/v1/sessions/{session['id']}"), 202)
        assert leaving["status"] == "ending"
        await alice.event("participant_disconnected", lambda who: who.identity == "agent")
        own_cluster.start()
        ended = await session_with(http, session["id"], "ended", seconds=40)
        assert ended["end_reason"] == "deleted"
        assert own_cluster.sql("SELECT status FROM sessions") == "ended"


async def test_databaseThatHangs_everyAnswerComesWithinABound(own_cluster, own_room_server, serve, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client(timeout=25) as http:
        session = done(await http.post("/v1/sessions", json={"room": room}), 201)
        path = f"/v1/sessions/{session['id']}"
        own_cluster.freeze()
        try:
            create, listing, states, ready, put = await asyncio.gather(
                http.post("/v1/sessions", json={"room": f"{room}-new"}), http.get("/v1/sessions"),
                http.get(f"{path}/agent-states"), http.get("/readyz"),
                http.put(f"{path}/agent-state", json={"state": "thinking"}))
            for answer in (create, listing, states):
                problem(answer, 503, "store-unavailable")
                assert answer.headers["retry-after"]
            assert ready.status_code == 503
            assert done(put, 202)["durable"] is False
            assert done(await http.get(path))["agent_state"] == "thinking"
        finally:
            own_cluster.thaw()

        async def written():
            answer = await http.get(f"{path}/agent-states")
            return answer.status_code == 200 and len(answer.json()["data"]) == 3

        await until(written, "the row that waited", 40)
        assert_no_hole(await history(http, session["id"]))


# The service itself

async def test_serviceKilled_theNextStartFailsWhatNobodyHolds(cluster, own_room_server, serve, room):
    variables = environment(cluster.new_database(), own_room_server)
    first = await serve(variables)
    async with first.client() as http:
        made = [answer.json() for answer in await asyncio.gather(*(
            http.post("/v1/sessions", json={"room": f"{room}-{number}"}) for number in range(20)))]
        assert {one["status"] for one in made} == {"active"}
        ended = done(await http.delete(f"/v1/sessions/{made[0]['id']}"))
    await first.kill()
    second = await serve(variables)
    async with second.client() as http:
        for one in made[1:]:
            lost = await session_with(http, one["id"], "failed")
            assert lost["end_reason"] == "runtime_lost" and lost["ended_at"]
        assert done(await http.get(f"/v1/sessions/{made[0]['id']}")) == ended
        live = [("status", status) for status in ("connecting", "active", "reconnecting", "ending")]
        assert done(await http.get("/v1/sessions", params=live))["data"] == []
        # The identities are free again.
        again = done(await http.post("/v1/sessions", json={"room": f"{room}-1"}), 201)
        done(await http.delete(f"/v1/sessions/{again['id']}"))


async def an_export_to_be(cluster, http, room: str) -> str:
    """A session of the database alone with a long history."""
    made = done(await http.post("/v1/sessions", json={"room": room}), 201)
    cluster.sql(f"""
        WITH one AS (SELECT id, activated_at AS since FROM sessions WHERE room = '{room}')
        INSERT INTO agent_state_transitions (session_id, seq, at, old_state, new_state, cause)
        SELECT id, n, greatest(since, now()) + n * interval '1 microsecond',
               CASE WHEN n % 2 = 1 THEN 'listening' ELSE 'thinking' END,
               CASE WHEN n % 2 = 1 THEN 'thinking' ELSE 'listening' END, 'api'
        FROM one, generate_series(3, {ROWS_OF_AN_EXPORT}) AS n""")
    return made["id"]


async def test_sigterm_finishesWhatRunsAndTheAgentsLeave(own_cluster, own_room_server, serve, join, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client(timeout=40) as http:
        made = [done(await http.post("/v1/sessions", json={"room": room, "agent": {"identity": f"a{number}"}}), 201)
                for number in range(5)]
        [alice] = await together_with(http, made[0], own_room_server, join)
        exported = await an_export_to_be(own_cluster, http, f"{room}-export")
        asked, release = asyncio.Event(), asyncio.Event()

        async def answer_later(data: rtc.RpcInvocationData) -> str:
            asked.set()
            await release.wait()
            return "finished"

        alice.me.register_rpc_method("ask", answer_later)
        body = {"method": "ask", "destinations": ["alice"], "response_timeout_ms": 20_000}
        calling = asyncio.create_task(http.post(f"/v1/sessions/{made[0]['id']}/rpc-calls", json=body))
        await asyncio.wait_for(asked.wait(), 30)
        async with http.stream("GET", f"/v1/sessions/{exported}/agent-states",
                               headers={"Accept": "application/x-ndjson"}) as export:
            lines = export.aiter_lines()
            count = 1 if await anext(lines) else 0
            stopping = asyncio.create_task(service.stop())
            await service.logged(lambda line: "stop" in line.get("message", "").lower()
                                 or "shut" in line.get("message", "").lower())
            release.set()
            async for _ in lines:
                count += 1
        assert count == ROWS_OF_AN_EXPORT
        assert done(await calling)["results"][0]["outcome"] in ("acknowledged", "failed")
        assert await stopping == 0
        for one in made:
            await alice.event("participant_disconnected",
                              lambda who, identity=one["agent"]["identity"]: who.identity == identity)
    statuses = own_cluster.sql("SELECT DISTINCT status || ' ' || end_reason FROM sessions")
    assert statuses == "ended shutdown"
    assert own_cluster.sql("SELECT count(*) FROM runtimes") == "0"


async def together_with(http, session, room_server, join) -> list:
    alice = await join(room_server, "alice")
    await alice.sees_active(session["agent"]["identity"])

    async def look():
        shown = done(await http.get(f"/v1/sessions/{session['id']}"))["participants"]
        return "alice" in {one["identity"] for one in shown if one["state"] == "active"}

    await until(look, "alice in the agent's eyes")
    return [alice]


async def test_sigterm_refusesNewConnectionsAndEndsWithNothingToDo(own_service):
    assert await own_service.stop() == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(own_service.url.rsplit(":", 1)[1])), timeout=5)


async def test_sigterm_withTheRoomServerGoneEndsWithinABound(own_service, own_room_server, room):
    async with own_service.client() as http:
        done(await http.post("/v1/sessions", json={"room": room}), 201)
    await own_room_server.kill()
    assert await own_service.stop() == 0


async def test_sigterm_withTheDatabaseGoneEndsWithinABound(own_cluster, own_room_server, serve, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client() as http:
        done(await http.post("/v1/sessions", json={"room": room}), 201)
    own_cluster.kill()
    # What it could not write it says with its exit code; that it ends is what counts here.
    assert await service.stop() in (0, 1)


async def test_secondSigterm_endsAtOnceWhatTheFirstWaitsFor(own_cluster, own_room_server, serve, join, room):
    service = await serve(environment(own_cluster.url, own_room_server))
    async with service.client() as http:
        exported = await an_export_to_be(own_cluster, http, room)
        async with http.stream("GET", f"/v1/sessions/{exported}/agent-states",
                               headers={"Accept": "text/csv"}):
            # Nobody reads the export, so the first signal alone would wait for its deadline.
            stopping = asyncio.create_task(service.stop())
            await service.logged(lambda line: "stop" in line.get("message", "").lower()
                                 or "shut" in line.get("message", "").lower())
            code = await asyncio.wait_for(service.stop(signal.SIGTERM), STOP_SECONDS)
            await stopping
    assert code is not None and code != -signal.SIGKILL
