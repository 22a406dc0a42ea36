"""RPC in both directions, with the official SDK at the other end."""

import asyncio

import pytest
from livekit import rtc

from support.answers import BUILT_IN, done, problem, until

ECHO = {"type": "echo"}


def static(text: str) -> dict:
    return {"type": "static", "response": text}


async def ask(peer, method: str, payload: str = "", **options) -> str:
    return await peer.me.perform_rpc(destination_identity="agent", method=method, payload=payload, **options)


async def refused(peer, method: str, payload: str = "") -> rtc.RpcError:
    with pytest.raises(rtc.RpcError) as caught:
        await ask(peer, method, payload)
    return caught.value


async def call(http, session: dict, destinations, **fields) -> dict[str, dict]:
    """The results of an rpc-call, by identity; the method is `ask` unless given."""
    body = {"method": "ask", "payload": "", "destinations": destinations} | fields
    answer = done(await http.post(f"/v1/sessions/{session['id']}/rpc-calls", json=body))
    assert answer["method"] == body["method"]
    found = {line["identity"]: line for line in answer["results"]}
    assert len(found) == len(answer["results"]), "one line per recipient"
    assert all(line["outcome"] != "pending" and line["latency_ms"] >= 0 for line in answer["results"])
    return found


async def together(http, session: dict, room_server, join, *identities: str) -> list:
    """Peers that see the agent and that the agent sees."""
    peers = [await join(room_server, identity) for identity in identities]
    for peer in peers:
        await peer.sees_active("agent")

    async def look() -> bool:
        shown = done(await http.get(f"/v1/sessions/{session['id']}"))["participants"]
        return set(identities) <= {one["identity"] for one in shown if one["state"] == "active"}

    await until(look, f"{identities} in the agent's eyes")
    return peers


async def test_static_answersAlwaysTheSame(http, room_server, join, room, make_session):
    session = await make_session(rpc_methods=[{"name": "get_order_state", "handler": static('{"state": "shipped"}')}])
    [alice] = await together(http, session, room_server, join, "alice")
    assert await ask(alice, "get_order_state") == '{"state": "shipped"}'
    assert await ask(alice, "get_order_state", "whatever") == '{"state": "shipped"}'


@pytest.mark.parametrize("payload", ["", "plain", '{"a": [1, "ü"]}', "林檎 🍎 \u0001\n", "x" * 15_360, "ß" * 7_680],
                         ids=["empty", "plain", "json", "unicode", "largest", "largest-unicode"])
async def test_echo_answersWithThePayload(http, room_server, join, room, make_session, payload):
    session = await make_session(rpc_methods=[{"name": "echo", "handler": ECHO}])
    [alice] = await together(http, session, room_server, join, "alice")
    assert await ask(alice, "echo", payload) == payload


async def test_largestStaticAnswer_arrivesWhole(http, room_server, join, room, make_session):
    text = "é" * 7_680
    session = await make_session(rpc_methods=[{"name": "big", "handler": static(text)}])
    [alice] = await together(http, session, room_server, join, "alice")
    assert await ask(alice, "big") == text


async def test_methodThatIsNotRegistered_is1400(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    assert (await refused(alice, "nobody")).code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD


async def test_register_listReplaceUnregisterWhileLive(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    path = f"/v1/sessions/{session['id']}/rpc-methods"
    answer = await http.post(path, json={"name": "greet", "description": "Says hello", "handler": static("hello")})
    made = done(answer, 201)
    assert answer.headers["location"] == f"{path}/greet"
    assert (made["name"], made["description"], made["handler"], made["builtin"]) == (
        "greet", "Says hello", static("hello"), False)
    assert made["usage"] == {"calls": 0, "errors": 0, "mean_latency_ms": None, "max_latency_ms": None,
                             "last_called_at": None}
    assert await ask(alice, "greet") == "hello"
    assert done(await http.get(f"/v1/sessions/{session['id']}"))["rpc_methods"] == sorted([*BUILT_IN, "greet"])

    replaced = done(await http.put(f"{path}/greet", json={"handler": ECHO}))
    assert replaced["handler"] == ECHO and replaced["usage"]["calls"] == 1
    assert await ask(alice, "greet", "now an echo") == "now an echo"
    assert [one["name"] for one in done(await http.get(path))["data"]] == sorted([*BUILT_IN, "greet"])

    gone = await http.delete(f"{path}/greet")
    assert gone.status_code == 204 and gone.content == b""
    assert (await refused(alice, "greet")).code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD
    left = done(await http.get(path))
    assert [one["name"] for one in left["data"]] == BUILT_IN and left["next_cursor"] is None
    for answer in (await http.get(f"{path}/greet"), await http.delete(f"{path}/greet"),
                   await http.put(f"{path}/greet", json={"handler": ECHO})):
        problem(answer, 404, "rpc-method-not-found")

    done(await http.post(path, json={"name": "greet", "handler": static("again")}), 201)
    assert await ask(alice, "greet") == "again"


async def test_listing_countsTheCalls(http, room_server, join, room, make_session):
    session = await make_session(rpc_methods=[{"name": "b", "handler": ECHO}, {"name": "a", "handler": ECHO}])
    [alice] = await together(http, session, room_server, join, "alice")
    await asyncio.gather(*(ask(alice, "a", str(number)) for number in range(5)))
    path = f"/v1/sessions/{session['id']}/rpc-methods"

    async def look():
        listed = {one["name"]: one["usage"] for one in done(await http.get(path))["data"]}
        return listed if listed["a"]["calls"] == 5 else None

    listed = await until(look, "five calls counted")
    assert list(listed) == ["a", "b", *BUILT_IN]
    assert listed["a"]["errors"] == 0 and 0 <= listed["a"]["mean_latency_ms"] <= listed["a"]["max_latency_ms"]
    assert listed["a"]["last_called_at"].endswith("Z") and listed["b"]["calls"] == 0
    assert done(await http.get(f"{path}/a"))["usage"] == listed["a"]


async def test_methodsOfAnEndedSession_canStillBeRead(http, room_server, join, room, make_session):
    session = await make_session(rpc_methods=[{"name": "echo", "handler": ECHO}])
    [alice] = await together(http, session, room_server, join, "alice")
    assert await ask(alice, "echo", "x") == "x"
    path = f"/v1/sessions/{session['id']}"
    done(await http.delete(path))
    listed = done(await http.get(f"{path}/rpc-methods"))["data"]
    assert [(one["name"], one["usage"]["calls"]) for one in listed] == [
        (name, 1 if name == "echo" else 0) for name in sorted([*BUILT_IN, "echo"])]


async def test_twoCallersAtOnce_eachGetTheirOwnAnswers(http, room_server, join, room, make_session):
    session = await make_session(rpc_methods=[{"name": "echo", "handler": ECHO}])
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    questions = [(peer, f"{peer.identity}-{number}") for number in range(50) for peer in (alice, bob)]
    answers = await asyncio.gather(*(ask(peer, "echo", text) for peer, text in questions))
    assert answers == [text for _, text in questions]


async def test_call_ofOneParticipant(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    seen = []

    async def answer(data: rtc.RpcInvocationData) -> str:
        seen.append((data.caller_identity, data.payload))
        return f"got {data.payload}"

    alice.me.register_rpc_method("ask", answer)
    results = await call(http, session, ["alice"], payload="ünï 🎈")
    assert results.keys() == {"alice"}
    assert (results["alice"]["outcome"], results["alice"]["response"]) == ("acknowledged", "got ünï 🎈")
    assert "error" not in results["alice"]
    assert seen == [("agent", "ünï 🎈")]


async def test_call_ofAllLeavesAgentsOutAndIsMadeAtOnce(http, room_server, join, room, session):
    peers = await together(http, session, room_server, join, "alice", "bob", "carol")
    bot = await join(room_server, "bot", kind="agent")
    await bot.sees_active("agent")
    here, called = asyncio.Barrier(3), []

    async def meet(data: rtc.RpcInvocationData) -> str:
        async with asyncio.timeout(60):
            await here.wait()
        return "met"

    async def must_not(data: rtc.RpcInvocationData) -> str:
        called.append(data.payload)
        return "called"

    for peer in peers:
        peer.me.register_rpc_method("ask", meet)
    bot.me.register_rpc_method("ask", must_not)
    results = await call(http, session, "all")
    # They only return once all three are being called.
    assert {name: line["outcome"] for name, line in results.items()} == {
        "alice": "acknowledged", "bob": "acknowledged", "carol": "acknowledged"}
    assert called == []


async def test_call_namedAgentIsCalled(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    bot = await join(room_server, "bot", kind="agent")
    await alice.sees_active("bot")

    async def answer(data: rtc.RpcInvocationData) -> str:
        return "beep"

    bot.me.register_rpc_method("ask", answer)

    async def look():
        result = (await call(http, session, ["bot"]))["bot"]
        return result if result["outcome"] != "absent" else None

    assert (await until(look, "the bot in the agent's eyes"))["response"] == "beep"


async def test_call_hasOneLineForEachWhateverTheyDo(http, room_server, join, room, session):
    good, bad, slow, dumb = await together(http, session, room_server, join, "good", "bad", "slow", "dumb")
    release = asyncio.Event()

    async def answer(data: rtc.RpcInvocationData) -> str:
        return ""

    async def fail(data: rtc.RpcInvocationData) -> str:
        raise rtc.RpcError(4711, "no such card", '{"card": 7}')

    async def dawdle(data: rtc.RpcInvocationData) -> str:
        await release.wait()
        return "late"

    good.me.register_rpc_method("ask", answer)
    bad.me.register_rpc_method("ask", fail)
    slow.me.register_rpc_method("ask", dawdle)
    results = await call(http, session, ["good", "bad", "slow", "dumb", "nobody", "good"], response_timeout_ms=1000)
    release.set()
    assert results.keys() == {"good", "bad", "slow", "dumb", "nobody"}
    assert (results["good"]["outcome"], results["good"]["response"]) == ("acknowledged", "")
    assert results["bad"]["outcome"] == "failed"
    assert results["bad"]["error"] == {"code": 4711, "message": "no such card", "data": '{"card": 7}'}
    assert results["slow"]["outcome"] == "timeout" and results["slow"]["error"]["code"] == 1502
    assert results["slow"]["latency_ms"] >= 1000
    assert results["dumb"]["outcome"] == "unsupported" and results["dumb"]["error"]["code"] == 1400
    assert results["nobody"]["outcome"] == "absent" and results["nobody"]["error"]["code"] == 1401
    assert all("response" not in results[name] for name in ("bad", "slow", "dumb", "nobody"))


async def test_call_ofAnAbsentIdentityIsAnsweredAtOnce(http, session):
    results = await call(http, session, ["nobody", "nowhere"], response_timeout_ms=60_000)
    assert {line["outcome"] for line in results.values()} == {"absent"}
    # Not even the seven seconds for which the transport would wait.
    assert all(line["latency_ms"] < 5000 for line in results.values())


async def test_call_ofAnUnexpectedErrorInTheMethodIs1500(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")

    async def crash(data: rtc.RpcInvocationData) -> str:
        raise ValueError("a bug of the client")

    alice.me.register_rpc_method("ask", crash)
    result = (await call(http, session, ["alice"]))["alice"]
    assert (result["outcome"], result["error"]["code"]) == ("failed", 1500)


@pytest.mark.parametrize("size", [15_360, 15_000])
async def test_call_withALargePayloadArrivesWholeAndBack(http, room_server, join, room, session, size):
    [alice] = await together(http, session, room_server, join, "alice")

    async def mirror(data: rtc.RpcInvocationData) -> str:
        return data.payload

    alice.me.register_rpc_method("ask", mirror)
    payload = "0123456789" * (size // 10)
    assert (await call(http, session, ["alice"], payload=payload))["alice"]["response"] == payload


async def test_call_ofAllInAnEmptyRoomHasNoLines(http, session):
    assert await call(http, session, "all") == {}


async def test_call_manyAtOnceMixNothingUp(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")

    async def mirror(data: rtc.RpcInvocationData) -> str:
        return data.payload

    alice.me.register_rpc_method("ask", mirror)
    bob.me.register_rpc_method("ask", mirror)
    found = await asyncio.gather(*(call(http, session, "all", payload=str(number)) for number in range(30)))
    for number, results in enumerate(found):
        assert {name: line.get("response") for name, line in results.items()} == {
            "alice": str(number), "bob": str(number)}
