"""A client's `get_order_state`, answered by a web backend over HTTP."""

import asyncio
import json

import pytest
import pytest_asyncio
from aiohttp import web
from livekit import rtc
from standardwebhooks import Webhook

from support.answers import done, problem, until
from support.backend import SIGNING_SECRET, answering
from support.sse import events
from test_rpc import ask, refused, together

METHOD = "get_order_state"
OTHER_SECRET = "whsec_b25lLW9mLXRoZS1tZXRob2RzLW93bi1zZWNyZXRzLTE="


def webhook(backend, path: str = "/rpc", **fields) -> dict:
    return {"name": METHOD, "handler": {"type": "webhook", "url": backend.url + path} | fields}


@pytest.fixture
def alice_calls(http, room_server, join, make_session, backend):
    """`await alice_calls(field=…)`: alice in a room whose agent hands the method to the backend."""
    async def make(method: dict | None = None, **fields):
        session = await make_session(rpc_methods=[method or webhook(backend, **fields)])
        [alice] = await together(http, session, room_server, join, "alice")
        return session, alice

    return make


def reason(error: rtc.RpcError) -> str:
    return json.loads(error.data)["reason"]


async def test_backend_answersTheClient_andSeesWhoCalls(http, backend, alice_calls):
    backend.answer = answering(body={"order": 4711, "state": "shipped"})
    session, alice = await alice_calls()
    answer = json.loads(await ask(alice, METHOD, '{"order": 4711}'))
    assert answer == {"success": True, "result": {"order": 4711, "state": "shipped"}}
    [call] = backend.calls
    assert call.path == "/rpc" and call.headers["content-type"].startswith("application/json")
    told = call.json
    assert told["type"] == "rpc.invocation" and told["method"] == METHOD
    assert told["id"].startswith("inv_") and told["id"] == call.headers["webhook-id"]
    assert (told["session_id"], told["room"]) == (session["id"], session["room"])
    assert told["caller"]["identity"] == "alice" and told["caller"]["kind"] == "standard"
    assert isinstance(told["caller"]["attributes"], dict)
    assert told["payload"] == {"order": 4711}
    assert told["received_at"] < told["deadline"]


async def test_call_isSignedWithTheServicesSecret_andOneFlippedBitIsSeen(backend, alice_calls):
    backend.answer = answering(body={})
    _, alice = await alice_calls()
    await ask(alice, METHOD, "{}")
    [call] = backend.calls
    assert call.verified(SIGNING_SECRET)["method"] == METHOD
    for place in range(0, len(call.body), max(1, len(call.body) // 20)):
        flipped = bytearray(call.body)
        flipped[place] ^= 1
        with pytest.raises(Exception):
            Webhook(SIGNING_SECRET).verify(bytes(flipped), call.headers)
    with pytest.raises(Exception):
        call.verified(OTHER_SECRET)


async def test_methodsOwnSecret_signsInstead_andIsShownNowhere(http, backend, alice_calls):
    backend.answer = answering(body={})
    session, alice = await alice_calls(secret=OTHER_SECRET, headers={"Authorization": "Bearer of-the-shop"})
    await ask(alice, METHOD)
    [call] = backend.calls
    assert call.verified(OTHER_SECRET)
    assert call.headers["authorization"] == "Bearer of-the-shop"
    shown = await http.get(f"/v1/sessions/{session['id']}/rpc-methods/{METHOD}")
    handler = done(shown)["handler"]
    assert handler["signed_with"] == "own" and set(handler["headers"].values()) == {"********"}
    assert OTHER_SECRET not in shown.text and "of-the-shop" not in shown.text


async def test_backendThatRefusesTheSignature_isAnApplicationError(backend, alice_calls):
    async def strict(call) -> web.Response:
        try:
            call.verified(OTHER_SECRET)
        except Exception:
            return web.Response(status=401, text="who are you?")
        return web.json_response({})

    backend.answer = strict
    _, alice = await alice_calls()
    error = await refused(alice, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.APPLICATION_ERROR
    assert json.loads(error.data) == {"reason": "backend_status", "status": 401}
    _, = backend.calls


@pytest.mark.parametrize("answer, expected", [
    (answering(body={"success": True, "result": [1]}), {"success": True, "result": [1]}),
    (answering(body={"success": False, "error": "sold out"}), {"success": False, "error": "sold out"}),
    (answering(body="text"), {"success": True, "result": "text"}),
    (answering(body=None), {"success": True, "result": None}),
    (answering(204, text=""), {"success": True, "result": None}),
    (answering(201, body={"a": 1}), {"success": True, "result": {"a": 1}}),
], ids=["enveloped", "unsuccessful", "text", "null", "empty", "created"])
async def test_answers_areEnveloped(backend, alice_calls, answer, expected):
    backend.answer = answer
    _, alice = await alice_calls()
    assert json.loads(await ask(alice, METHOD, "{}")) == expected


async def test_garbage_isUnsuccessfulAndNotACrash(backend, alice_calls):
    backend.answer = answering(text="<html>\0 not JSON \ud7ff")
    _, alice = await alice_calls()
    answer = json.loads(await ask(alice, METHOD, "{}"))
    assert answer["success"] is False and "JSON" in answer["error"]


@pytest.mark.parametrize("payload", ["plain", "{", "{'a': 1}", "\0", '{"a": 1} more', "[" * 5_000])
async def test_payloadThatIsNotJSON_isUnsuccessful_andNobodyIsCalled(backend, alice_calls, payload):
    _, alice = await alice_calls()
    answer = json.loads(await ask(alice, METHOD, payload))
    assert answer["success"] is False and answer["error"].startswith("The payload is ")
    assert backend.calls == []


async def test_rawEnvelope_goesThroughAsItIs(backend, alice_calls):
    backend.answer = answering(text="plain ß text")
    _, alice = await alice_calls(envelope="raw")
    assert await ask(alice, METHOD, "{ not JSON") == "plain ß text"
    assert backend.calls[0].json["payload"] == "{ not JSON"


async def test_backendsOwnRPCError_reachesTheCaller(backend, alice_calls):
    backend.answer = answering(422, {"error": {"code": 2004, "message": "no such order", "data": "4711"}})
    _, alice = await alice_calls()
    error = await refused(alice, METHOD)
    assert (error.code, error.message, error.data) == (2004, "no such order", "4711")


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503, 302])
async def test_statusThatIsNoSuccess_isAnApplicationErrorWithTheStatus(backend, alice_calls, status):
    backend.answer = answering(status, text="Traceback: secret things")
    _, alice = await alice_calls()
    error = await refused(alice, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.APPLICATION_ERROR
    assert json.loads(error.data) == {"reason": "backend_status", "status": status}
    assert "secret things" not in error.message
    _, = backend.calls


async def test_backendThatIsDown_isAnApplicationError_andWorksOnceItIsBack(backend, alice_calls):
    backend.answer = answering(body={"state": "back"})
    _, alice = await alice_calls()
    await backend.stop()
    error = await refused(alice, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.APPLICATION_ERROR and reason(error) == "backend_unreachable"
    await backend.start()
    assert json.loads(await ask(alice, METHOD))["result"] == {"state": "back"}


async def test_backendThatIsSlow_is1502_andItsLateAnswerIsNobodys(http, backend, alice_calls):
    backend.answer = answering(body={"late": True}, seconds=3)
    session, alice = await alice_calls(timeout_ms=1500)
    error = await refused(alice, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT
    backend.answer = answering(body={"late": False})
    assert json.loads(await ask(alice, METHOD))["result"] == {"late": False}

    async def both() -> list:
        lines = done(await http.get(f"/v1/sessions/{session['id']}/rpc-invocations"))["data"]
        return lines if len(lines) == 2 else []

    newest, oldest = await until(both, "both invocations in the log")
    assert (oldest["status"], oldest["error"]["code"]) == ("timeout", 1502)
    assert (newest["status"], newest["error"]) == ("answered", None)


async def test_backendThatDripsItsAnswer_isCutOffAtTheDeadline(backend, alice_calls):
    async def drip(call) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(call.request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.02)

    backend.answer = drip
    _, alice = await alice_calls(timeout_ms=500)
    error = await refused(alice, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT


@pytest.mark.parametrize("size", [15_361, 70_000, 3_000_000])
async def test_answerThatIsTooLarge_is1504(backend, alice_calls, size):
    backend.answer = answering(body="x" * size)
    _, alice = await alice_calls()
    assert (await refused(alice, METHOD)).code == rtc.RpcError.ErrorCode.RESPONSE_PAYLOAD_TOO_LARGE


async def test_hangingBackend_delaysNoOtherMethod(http, room_server, join, make_session, backend):
    backend.answer = answering(body={}, seconds=5)
    slow = webhook(backend, timeout_ms=4000)
    session = await make_session(rpc_methods=[slow, {"name": "echo", "handler": {"type": "echo"}}])
    [alice] = await together(http, session, room_server, join, "alice")
    hanging = [asyncio.ensure_future(refused(alice, METHOD)) for _ in range(10)]
    await backend.came(1)
    assert await ask(alice, "echo", "quick") == "quick"
    assert not any(one.done() for one in hanging)
    for error in await asyncio.gather(*hanging):
        assert error.code == rtc.RpcError.ErrorCode.RESPONSE_TIMEOUT


async def test_allowedCallers_areTheOnlyOnes(http, room_server, join, make_session, backend):
    backend.answer = answering(body={})
    method = webhook(backend) | {"allowed_callers": {"identities": ["alice"]}}
    session = await make_session(rpc_methods=[method])
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    assert json.loads(await ask(alice, METHOD))["success"] is True
    error = await refused(bob, METHOD)
    assert error.code == rtc.RpcError.ErrorCode.APPLICATION_ERROR and reason(error) == "caller_not_allowed"
    assert len(backend.calls) == 1


async def test_floorHolder_mayCallWhileItHasTheFloor(http, room_server, join, make_session, backend):
    backend.answer = answering(body={})
    method = webhook(backend) | {"allowed_callers": {"floor_holder": True}}
    session = await make_session(rpc_methods=[method])
    [alice] = await together(http, session, room_server, join, "alice")
    assert reason(await refused(alice, METHOD)) == "caller_not_allowed"
    turn = json.loads(await ask(alice, "start_turn"))["result"]
    assert json.loads(await ask(alice, METHOD))["success"] is True
    await ask(alice, "end_turn", json.dumps({"turn_id": turn["turn_id"]}))
    assert reason(await refused(alice, METHOD)) == "caller_not_allowed"


async def test_traceparent_isNewForEachCallFromTheRoom_andInTheEvent(http, backend, alice_calls):
    backend.answer = answering(body={})
    session, alice = await alice_calls()
    await ask(alice, METHOD)
    await ask(alice, METHOD)
    traces = [call.headers["traceparent"].split("-")[1] for call in backend.calls]
    assert len(set(traces)) == 2
    async with events(http, f"/v1/sessions/{session['id']}/events", **{"from": "start", "types": "rpc.invoked"}) as stream:
        told = await stream.take(2)
    assert [event.data["trace_id"] for event in told] == traces


# Defaults

async def test_defaults_areThereInEverySessionMadeAfterwards_andTheSessionsOwnWins(
        http, room_server, join, room, other_room, make_session, backend, own_defaults):
    backend.answer = answering(body={"by": "default"})
    await own_defaults(webhook(backend))
    await own_defaults({"name": "mine", "handler": {"type": "static", "response": "default"}})
    session = await make_session(rpc_methods=[{"name": "mine", "handler": {"type": "static", "response": "own"}}])
    assert METHOD in session["rpc_methods"]
    [alice] = await together(http, session, room_server, join, "alice")
    assert json.loads(await ask(alice, METHOD))["result"] == {"by": "default"}
    assert await ask(alice, "mine") == "own"


@pytest_asyncio.fixture
async def own_defaults(http):
    """`await own_defaults(method)`: adds a default, which is gone after the test."""
    added: list[str] = []

    async def add(method: dict) -> dict:
        shown = done(await http.post("/v1/rpc-methods", json=method), 201)
        added.append(method["name"])
        return shown

    yield add
    for name in added:
        assert (await http.delete(f"/v1/rpc-methods/{name}")).status_code == 204


async def test_default_isListedReplacedAndRemoved(http, backend):
    name = "only_here"
    method = {"name": name, "handler": {"type": "queue", "timeout_ms": 5000}}
    try:
        assert done(await http.post("/v1/rpc-methods", json=method), 201)["handler"]["type"] == "queue"
        problem(await http.post("/v1/rpc-methods", json=method), 409, "rpc-method-taken")
        assert name in [one["name"] for one in done(await http.get("/v1/rpc-methods"))["data"]]
        replaced = {"handler": {"type": "static", "response": "x"}}
        assert done(await http.put(f"/v1/rpc-methods/{name}", json=replaced))["handler"]["type"] == "static"
    finally:
        assert (await http.delete(f"/v1/rpc-methods/{name}")).status_code == 204
    problem(await http.get(f"/v1/rpc-methods/{name}"), 404, "rpc-method-not-found")
    problem(await http.post("/v1/rpc-methods", json=method | {"name": "start_turn"}), 409, "rpc-method-builtin")
