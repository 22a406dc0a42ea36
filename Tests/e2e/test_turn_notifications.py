"""Telling participants that it is their turn, and the receipts of it."""

import asyncio
import re

from livekit import rtc

from support.answers import done, history, pages, problem, put_state, until
from test_rpc import together

NOTIFICATION_ID = re.compile(r"ntf_[0-7][0-9A-HJKMNP-TV-Z]{25}")
METHOD = "your_turn_to_speak"


def listen(peer, method: str = METHOD, answer: str = "ok") -> asyncio.Queue:
    """The peer takes notifications; what it was told comes out of the queue."""
    told: asyncio.Queue = asyncio.Queue()

    async def take(data: rtc.RpcInvocationData) -> str:
        told.put_nowait((data.caller_identity, data.payload))
        return answer

    peer.me.register_rpc_method(method, take)
    return told


async def told(queue: asyncio.Queue) -> tuple[str, str]:
    return await asyncio.wait_for(queue.get(), 30)


async def notify(http, session: dict, status: int = 201, **fields) -> dict:
    answer = await http.post(f"/v1/sessions/{session['id']}/turn-notifications", json=fields)
    made = done(answer, status)
    assert NOTIFICATION_ID.fullmatch(made["id"]) and made["session_id"] == session["id"]
    assert answer.headers["location"] == f"/v1/sessions/{session['id']}/turn-notifications/{made['id']}"
    return made


def by_identity(receipt: dict) -> dict[str, dict]:
    found = {line["identity"]: line for line in receipt["recipients"]}
    assert len(found) == len(receipt["recipients"]), "one line per recipient"
    return found


async def receipts(http, session: dict) -> list[dict]:
    return done(await http.get(f"/v1/sessions/{session['id']}/turn-notifications"))["data"]


async def completed(http, session: dict, identifier: str | None = None) -> dict:
    """The receipt (the newest unless named) once it is complete."""
    async def look():
        found = [one for one in await receipts(http, session) if identifier in (None, one["id"])]
        return found[0] if found and found[0]["completed_at"] else None

    return await until(look, "a complete receipt")


async def kept(http, session: dict, identifier: str) -> dict:
    return done(await http.get(f"/v1/sessions/{session['id']}/turn-notifications/{identifier}"))


async def test_stateThatBecomesListening_tellsEverybody(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    for_alice, for_bob = listen(alice, answer="a"), listen(bob, answer="b")
    for before in ("thinking", "speaking"):
        await put_state(http, session["id"], before)
        row = await put_state(http, session["id"], "listening")
        assert await told(for_alice) == ("agent", "") and await told(for_bob) == ("agent", "")
        receipt = await completed(http, session)
        assert (receipt["method"], receipt["trigger"], receipt["agent_state_seq"]) == (METHOD, "policy", row["seq"])
        lines = by_identity(receipt)
        assert {name: (line["outcome"], line["response"]) for name, line in lines.items()} == {
            "alice": ("acknowledged", "a"), "bob": ("acknowledged", "b")}
        assert all(line["latency_ms"] > 0 and "error" not in line for line in lines.values())
        assert receipt["created_at"] <= receipt["completed_at"]
    assert len(await receipts(http, session)) == 2


async def test_stateThatTheAgentWasInAlready_tellsNobody(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    listen(alice)
    assert (await put_state(http, session["id"], "listening"))["changed"] is False
    await put_state(http, session["id"], "thinking")
    await put_state(http, session["id"], "speaking")
    await put_state(http, session["id"], "idle")
    assert await receipts(http, session) == []


async def test_policy_saysWhenAndHow(http, room_server, join, room, make_session):
    policy = {"notify_on": ["idle"], "notification": {"method": "go", "payload": "now!", "response_timeout_ms": 3000}}
    session = await make_session(turn_policy=policy)
    [alice] = await together(http, session, room_server, join, "alice")
    gone = listen(alice, "go")
    await put_state(http, session["id"], "speaking")
    await put_state(http, session["id"], "listening")
    assert await receipts(http, session) == []
    await put_state(http, session["id"], "speaking")
    await put_state(http, session["id"], "idle")
    assert await told(gone) == ("agent", "now!")
    changed = {"turn_policy": {"notify_on": ["listening"], "notification": {"payload": "changed"}}}
    done(await http.patch(f"/v1/sessions/{session['id']}", json=changed))
    await put_state(http, session["id"], "speaking")
    await put_state(http, session["id"], "listening")
    assert await told(gone) == ("agent", "changed")
    assert (await completed(http, session))["method"] == "go"


async def test_policy_withNoStatesTellsNobody(http, room_server, join, room, make_session):
    session = await make_session(turn_policy={"notify_on": []})
    await together(http, session, room_server, join, "alice")
    for state in ("thinking", "listening", "speaking", "idle"):
        await put_state(http, session["id"], state)
    assert await receipts(http, session) == []


async def test_notification_hasTheReceiptOfAll(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    for_alice = listen(alice)
    receipt = await notify(http, session)
    assert await told(for_alice) == ("agent", "")
    assert (receipt["method"], receipt["trigger"], receipt["agent_state_seq"]) == (METHOD, "api", 2)
    lines = by_identity(receipt)
    assert (lines["alice"]["outcome"], lines["alice"]["response"]) == ("acknowledged", "ok")
    assert lines["bob"]["outcome"] == "unsupported" and lines["bob"]["error"]["code"] == 1400
    assert receipt["completed_at"] is not None
    assert await kept(http, session, receipt["id"]) == receipt


async def test_notification_withoutABodyIsTakenToo(http, session):
    answer = await http.post(f"/v1/sessions/{session['id']}/turn-notifications")
    assert done(answer, 201)["recipients"] == []


async def test_notification_withItsOwnMethodPayloadAndDestinations(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    for_alice, for_bob = listen(alice, "custom"), listen(bob, "custom")
    receipt = await notify(http, session, method="custom", payload='{"turn": "ü"}', destinations=["alice"])
    assert await told(for_alice) == ("agent", '{"turn": "ü"}')
    assert receipt["method"] == "custom" and by_identity(receipt).keys() == {"alice"}
    assert for_bob.empty()


async def test_notification_leavesAgentsOut(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    bot = await join(room_server, "bot", kind="agent")
    await alice.sees_active("bot")
    for_bot = listen(bot)
    listen(alice)
    receipt = await notify(http, session)
    assert by_identity(receipt).keys() == {"alice"} and for_bot.empty()


async def test_notification_ofAnAbsentIdentityIsAnsweredAtOnce(http, session):
    receipt = await notify(http, session, destinations=["ghost"], response_timeout_ms=60_000)
    [line] = receipt["recipients"]
    assert (line["identity"], line["outcome"], line["error"]["code"]) == ("ghost", "absent", 1401)
    # Not even the seven seconds for which the transport would wait.
    assert line["latency_ms"] < 5000 and receipt["completed_at"] is not None


async def test_clientThatNeverAnswers_isATimeoutAtItsDeadline(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")

    async def never(data: rtc.RpcInvocationData) -> str:
        await asyncio.Event().wait()
        return ""

    alice.me.register_rpc_method(METHOD, never)
    receipt = await notify(http, session, response_timeout_ms=400)
    line = by_identity(receipt)["alice"]
    assert (line["outcome"], line["error"]["code"]) == ("timeout", 1502) and line["latency_ms"] >= 400
    assert receipt["completed_at"] is not None


async def test_clientWhoseAnswersAreLost_isATimeoutToo(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    listen(alice)
    await room_server.faults(drop_rpc_responses=["alice"], drop_rpc_acks=["alice"])
    try:
        receipt = await notify(http, session, response_timeout_ms=400)
    finally:
        await room_server.faults(drop_rpc_responses=False, drop_rpc_acks=False)
    line = by_identity(receipt)["alice"]
    # The transport would wait seven seconds for the ack; the receipt does not.
    assert line["outcome"] == "timeout" and 400 <= line["latency_ms"] < 5000


async def test_answerThatComesLate_changesNothing(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    release, answered = asyncio.Event(), asyncio.Event()

    async def late(data: rtc.RpcInvocationData) -> str:
        await release.wait()
        answered.set()
        return "too late"

    alice.me.register_rpc_method(METHOD, late)
    receipt = await notify(http, session, response_timeout_ms=300)
    assert by_identity(receipt)["alice"]["outcome"] == "timeout"
    release.set()
    await asyncio.wait_for(answered.wait(), 30)
    # This answer comes after the late one on the same way.
    fresh = listen(alice, "fresh")
    assert by_identity(await notify(http, session, method="fresh"))["alice"]["outcome"] == "acknowledged"
    await told(fresh)
    assert await kept(http, session, receipt["id"]) == receipt


async def test_clientThatLeavesWhileItIsAsked_isDisconnected(http, room_server, join, room, session):
    alice, bob = await together(http, session, room_server, join, "alice", "bob")
    listen(bob)
    asked = asyncio.Event()

    async def hesitate(data: rtc.RpcInvocationData) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    alice.me.register_rpc_method(METHOD, hesitate)
    waiting = asyncio.create_task(notify(http, session, response_timeout_ms=20_000))
    await asyncio.wait_for(asked.wait(), 30)
    await alice.leave()
    lines = by_identity(await waiting)
    assert (lines["alice"]["outcome"], lines["alice"]["error"]["code"]) == ("disconnected", 1503)
    assert lines["alice"]["latency_ms"] < 15_000 and lines["bob"]["outcome"] == "acknowledged"


async def test_clientWhoseMethodFails_isFailedWithItsError(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")

    async def fail(data: rtc.RpcInvocationData) -> str:
        raise rtc.RpcError(77, "microphone denied", "NotAllowedError")

    alice.me.register_rpc_method(METHOD, fail)
    line = by_identity(await notify(http, session))["alice"]
    assert line["outcome"] == "failed"
    assert line["error"] == {"code": 77, "message": "microphone denied", "data": "NotAllowedError"}


async def test_withoutWaiting_theReceiptIsPendingAndCompletesLater(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    release = asyncio.Event()

    async def when_released(data: rtc.RpcInvocationData) -> str:
        await release.wait()
        return "here"

    alice.me.register_rpc_method(METHOD, when_released)
    receipt = await notify(http, session, 202, wait_ms=0)
    line = by_identity(receipt)["alice"]
    assert (line["outcome"], line["latency_ms"], receipt["completed_at"]) == ("pending", None, None)
    assert await kept(http, session, receipt["id"]) == receipt
    release.set()
    complete = await completed(http, session, receipt["id"])
    assert by_identity(complete)["alice"]["outcome"] == "acknowledged"
    assert await kept(http, session, receipt["id"]) == complete


async def test_queryWait_goesBeforeTheBodys(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    release = asyncio.Event()

    async def when_released(data: rtc.RpcInvocationData) -> str:
        await release.wait()
        return ""

    alice.me.register_rpc_method(METHOD, when_released)
    answer = await http.post(f"/v1/sessions/{session['id']}/turn-notifications", params={"wait_ms": 0},
                             json={"wait_ms": 60_000})
    assert done(answer, 202)["completed_at"] is None
    release.set()
    await completed(http, session)


async def test_listing_isNewestFirstAndWalkedByCursors(http, session):
    made = [(await notify(http, session, payload=str(number)))["id"] for number in range(10)]
    walked = await pages(http, f"/v1/sessions/{session['id']}/turn-notifications", {"limit": 3})
    assert [len(page) for page in walked] == [3, 3, 3, 1]
    assert [one["id"] for page in walked for one in page] == made[::-1]


async def test_receipts_stayWhenTheSessionIsOver(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    listen(alice)
    await notify(http, session)
    await notify(http, session, destinations=["ghost", "alice"])
    before = await receipts(http, session)
    done(await http.delete(f"/v1/sessions/{session['id']}"))
    assert await receipts(http, session) == before
    assert await kept(http, session, before[0]["id"]) == before[0]


async def test_sessionThatEndsWhileAskingSettlesEverybody(http, room_server, join, room, session):
    [alice] = await together(http, session, room_server, join, "alice")
    asked = asyncio.Event()

    async def never(data: rtc.RpcInvocationData) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    alice.me.register_rpc_method(METHOD, never)
    waiting = asyncio.create_task(notify(http, session, response_timeout_ms=30_000))
    await asyncio.wait_for(asked.wait(), 30)
    done(await http.delete(f"/v1/sessions/{session['id']}"))
    receipt = await asyncio.wait_for(waiting, 15)
    assert by_identity(receipt)["alice"]["outcome"] == "failed"
    assert await kept(http, session, receipt["id"]) == receipt


async def test_receiptOfAnotherSession_isNotFound(http, make_session, other_room):
    first, second = await make_session(), await make_session(room=other_room)
    receipt = await notify(http, first)
    answer = await http.get(f"/v1/sessions/{second['id']}/turn-notifications/{receipt['id']}")
    problem(answer, 404, "turn-notification-not-found")


async def test_agentStateSeq_pointsIntoTheHistory(http, session):
    await put_state(http, session["id"], "thinking")
    receipt = await notify(http, session)
    rows = {row["seq"]: row["new_state"] for row in await history(http, session["id"])}
    assert rows[receipt["agent_state_seq"]] == "thinking"
