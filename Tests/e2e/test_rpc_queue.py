"""A client's call, answered by a backend that comes and takes it (long polling)."""

import asyncio
import json

import pytest
from livekit import rtc

from support.answers import done, pages, problem, until
from support.service import READER, WRITER
from test_rpc import ask, refused, together

METHOD = "get_order_state"


def queue(**fields) -> dict:
    return {"name": METHOD, "handler": {"type": "queue"} | fields}


@pytest.fixture
def alice_calls(http, room_server, join, make_session):
    """`await alice_calls(field=…)`: alice in a room whose agent keeps the method's calls for pollers."""
    async def make(**fields):
        session = await make_session(rpc_methods=[queue(**fields)])
        [alice] = await together(http, session, room_server, join, "alice")
        return session, alice

    return make


async def poll(http, session: dict, wait_ms: int = 10_000, **parameters) -> list[dict]:
    found = await http.get(
        f"/v1/sessions/{session['id']}/rpc-invocations",
        params={"status": "pending", "wait_ms": wait_ms} | parameters)
    return done(found)["data"]


async def respond(http, taken: dict, **body):
    path = f"/v1/sessions/{taken['session_id']}/rpc-invocations/{taken['id']}/response"
    return await http.post(path, json=body)


async def test_poller_takesAndAnswers(service, http, alice_calls):
    session, alice = await alice_calls()
    async with service.client(WRITER) as backend:
        polling = asyncio.ensure_future(poll(backend, session))
        await asyncio.sleep(0.2)
        calling = asyncio.ensure_future(ask(alice, METHOD, '{"order": 1}'))
        [taken] = await polling
        assert (taken["method"], taken["payload"], taken["attempt"]) == (METHOD, {"order": 1}, 1)
        assert taken["caller"]["identity"] == "alice" and taken["room"] == session["room"]
        assert taken["received_at"] < taken["lease_expires_at"] <= taken["deadline"]
        answered = await respond(backend, taken, result={"state": "shipped"})
        assert answered.status_code == 204
        assert json.loads(await calling) == {"success": True, "result": {"state": "shipped"}}
        problem(await respond(backend, taken, result=2), 409, "invocation-over")


async def test_callThatCameBefore_isThereForWhoPollsLater(http, alice_calls):
    session, alice = await alice_calls()
    calling = asyncio.ensure_future(ask(alice, METHOD))

    async def there() -> list:
        return await poll(http, session, wait_ms=0)

    [taken] = await until(there, "the pending call")
    assert taken["payload"] is None
    assert (await respond(http, taken, result=None)).status_code == 204
    assert json.loads(await calling) == {"success": True, "result": None}


async def test_errorOfTheBackend_reachesTheCallerWhole(http, alice_calls):
    session, alice = await alice_calls()
    calling = asyncio.ensure_future(refused(alice, METHOD))
    [taken] = await poll(http, session)
    error = {"code": 3001, "message": "sold out", "data": "[1,2]"}
    assert (await respond(http, taken, error=error)).status_code == 204
    caught = await calling
    assert (caught.code, caught.message, caught.data) == (3001, "sold out", "[1,2]")


async def test_rawEnvelope_givesTheTextAsItIs(http, alice_calls):
    session, alice = await alice_calls(envelope="raw")
    calling = asyncio.ensure_future(ask(alice, METHOD, "{ not JSON"))
    [taken] = await poll(http, session)
    assert taken["payload"] == "{ not JSON"
    problem(await respond(http, taken, result={"no": "text"}), 400, "invalid-request", "result")
    assert (await respond(http, taken, result="plain ß")).status_code == 204
    assert await calling == "plain ß"


async def test_nobodyPolls_is1502AtTheMethodsTime(http, alice_calls):
    session, alice = await alice_calls(timeout_ms=400)
    assert (await refused(alice, METHOD)).code == rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT
    assert await poll(http, session, wait_ms=0) == []


async def test_answerAfterTheDeadline_is409_andNobodysAnswer(http, alice_calls):
    session, alice = await alice_calls(timeout_ms=1500)
    calling = asyncio.ensure_future(refused(alice, METHOD))
    [taken] = await poll(http, session)
    assert (await calling).code == rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT
    problem(await respond(http, taken, result=1), 409, "invocation-over")


async def test_twoPollers_eachCallGoesToOneOfThem(http, alice_calls):
    session, alice = await alice_calls()
    pollers = [asyncio.ensure_future(poll(http, session, limit=1)) for _ in range(2)]
    await asyncio.sleep(0.2)
    calls = [asyncio.ensure_future(ask(alice, METHOD, str(number))) for number in range(2)]
    [[first], [second]] = await asyncio.gather(*pollers)
    assert {first["payload"], second["payload"]} == {0, 1}
    for taken in (first, second):
        assert (await respond(http, taken, result=taken["payload"])).status_code == 204
    assert [json.loads(answer)["result"] for answer in await asyncio.gather(*calls)] == [0, 1]


async def test_leaseThatRunsOut_givesTheCallToTheNextPoller_andTheFirstAnswerCounts(http, alice_calls):
    session, alice = await alice_calls()
    calling = asyncio.ensure_future(ask(alice, METHOD))
    [taken] = await poll(http, session, lease_ms=2000)
    # While the lease lasts it is nobody else's.
    assert await poll(http, session, wait_ms=0) == []
    [again] = await poll(http, session, lease_ms=5000)
    assert (again["id"], again["attempt"]) == (taken["id"], 2)
    assert (await respond(http, again, result="second")).status_code == 204
    problem(await respond(http, taken, result="first"), 409, "invocation-over")
    assert json.loads(await calling)["result"] == "second"


async def test_readerCannotTakeCalls(service, http, session):
    async with service.client(READER) as reader:
        path = f"/v1/sessions/{session['id']}/rpc-invocations"
        problem(await reader.get(path, params={"status": "pending"}), 403, "forbidden")
        assert done(await reader.get(path)) == {"data": [], "next_cursor": None}


async def test_log_hasEveryCallInAndOut_filteredAndInPages(http, room_server, join, make_session):
    session = await make_session(rpc_methods=[
        {"name": "echo", "handler": {"type": "echo"}, "keep_payloads": True},
        {"name": "quiet", "handler": {"type": "echo"}}])
    alice, bob = await together(http, session, room_server, join, "alice", "bob")

    @alice.me.register_rpc_method("ask")
    async def _(_: rtc.RpcInvocationData) -> str:
        return "fine"

    for number in range(5):
        await ask(alice, "echo", f"kept {number}")
    await ask(bob, "quiet", "not kept")
    await http.post(f"/v1/sessions/{session['id']}/rpc-calls",
                    json={"method": "ask", "payload": "x", "destinations": ["alice", "bob", "nobody"]})
    path = f"/v1/sessions/{session['id']}/rpc-invocations"

    async def lines(**parameters) -> list[dict]:
        return [line for page in await pages(http, path, {"limit": 2} | parameters) for line in page]

    async def all_of_them() -> list:
        found = await lines()
        return found if len(found) >= 9 else []

    found = await until(all_of_them, "nine lines in the log")
    assert len(found) == 9 and len({line["id"] for line in found}) == 9
    assert [line["id"] for line in found] == sorted((line["id"] for line in found), reverse=True)
    kept = await lines(method="echo")
    assert [line["payload"] for line in kept] == [f"kept {number}" for number in reversed(range(5))]
    assert all(line["payload"] == line["response"] and line["handler"] == "echo" for line in kept)
    [quiet] = await lines(method="quiet")
    assert (quiet["payload"], quiet["response"], quiet["participant"]) == (None, None, "bob")
    outward = {line["participant"]: line for line in await lines(direction="out")}
    assert {who: line["status"] for who, line in outward.items()} == {
        "alice": "answered", "bob": "refused", "nobody": "disconnected"}
    assert outward["bob"]["error"]["code"] == 1400 and outward["alice"]["duration_ms"] >= 0
    assert [line["participant"] for line in await lines(status="refused")] == ["bob"]
    one = done(await http.get(f"{path}/{quiet['id']}"))
    assert one == quiet
    usage = done(await http.get(f"/v1/sessions/{session['id']}/rpc-methods/echo"))["usage"]
    assert usage["calls"] == 5 and usage["errors"] == 0 and usage["mean_latency_ms"] >= 0


async def test_sessionThatEnds_answersWhoStillWaits(http, room_server, join, room):
    session = done(await http.post("/v1/sessions", json={"room": room, "rpc_methods": [queue()]}), 201)
    [alice] = await together(http, session, room_server, join, "alice")
    calling = asyncio.ensure_future(refused(alice, METHOD))
    polling = asyncio.ensure_future(poll(http, session, wait_ms=30_000, method="another"))
    await poll(http, session)
    assert (await http.delete(f"/v1/sessions/{session['id']}")).status_code == 200
    assert (await calling).code in (rtc.RpcError.ErrorCode.APPLICATION_ERROR,
                                    rtc.RpcError.ErrorCode.RECIPIENT_DISCONNECTED)
    answer = await asyncio.wait_for(asyncio.gather(polling, return_exceptions=True), 30)
    assert answer
