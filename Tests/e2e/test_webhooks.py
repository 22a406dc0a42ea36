"""Webhooks: events on their way to the users' systems."""

import asyncio
import json

import pytest
import pytest_asyncio
from aiohttp import web

from support.answers import done, pages, problem, put_state, until
from support.backend import Backend, answering
from support.service import READER, WRITER


@pytest_asyncio.fixture
async def webhook(http, backend):
    """`await webhook(events=[…])`: a webhook to the backend, gone at the end."""
    made: list[str] = []

    async def make(url: str | None = None, **fields) -> dict:
        body = {"url": url or backend.url + "/events"} | fields
        shown = done(await http.post("/v1/webhooks", json=body), 201)
        made.append(shown["id"])
        return shown

    yield make
    for identifier in made:
        assert (await http.delete(f"/v1/webhooks/{identifier}")).status_code in (204, 404)


def told(backend: Backend, session: dict | None = None) -> list[dict]:
    return [call.json for call in backend.calls if session is None or call.json.get("session_id") == session["id"]]


async def deliveries(http, hook: dict, **parameters) -> list[dict]:
    return [line for page in await pages(http, f"/v1/webhooks/{hook['id']}/deliveries", parameters) for line in page]


async def test_events_areDeliveredSigned_inOrder_asTheStreamHasThem(http, room, backend, webhook):
    hook = await webhook(events=["session.created", "session.active", "agent_state.changed", "session.ended"])
    assert hook["secret"].startswith("whsec_") and hook["enabled"] is True
    session = done(await http.post("/v1/sessions", json={"room": room}), 201)
    for state in ("thinking", "idle", "listening"):
        await put_state(http, session["id"], state)
    done(await http.delete(f"/v1/sessions/{session['id']}"))

    async def last() -> bool:
        return any(event["type"] == "session.ended" for event in told(backend, session))

    await until(last, "the session's end at the receiver")
    mine = told(backend, session)
    assert [event["type"] for event in mine] == [
        "session.created", "agent_state.changed", "session.active", "agent_state.changed", "agent_state.changed",
        "agent_state.changed", "agent_state.changed", "session.ended"] or sorted(
        event["seq"] for event in mine) == [event["seq"] for event in mine]
    for call in backend.calls:
        assert call.verified(hook["secret"]) == call.json
        assert call.headers["webhook-id"] == call.json["id"]
        assert call.headers["user-agent"].startswith("turngate")
    log = await deliveries(http, hook)
    assert {line["status"] for line in log if line["session_id"] == session["id"]} == {"delivered"}


async def test_traceOfTheHTTPCall_goesOnToTheReceiver(http, session, backend, webhook):
    await webhook(events=["agent_state.changed"])
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    await http.put(f"/v1/sessions/{session['id']}/agent-state", json={"state": "thinking"},
                   headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    [call] = await backend.came(1)
    assert call.headers["traceparent"].split("-")[1] == trace and call.json["trace_id"] == trace


async def test_receiverThatFails_getsItAgain_andLaterOnesWaitTheirTurn(http, session, backend, webhook):
    hook = await webhook(events=["agent_state.changed"], session_id=session["id"])
    backend.answer = answering(503)
    for state in ("thinking", "idle"):
        await put_state(http, session["id"], state)
    await backend.came(1)

    async def tried() -> list:
        return [line for line in await deliveries(http, hook) if line["attempts"] == 1 and line["last_status"] == 503]

    [first] = await until(tried, "a failed attempt in the log")
    assert first["status"] == "pending" and first["next_attempt_at"] > first["last_attempt_at"]
    backend.answer = answering(204, text="")
    calls = await backend.came(3, 40)
    assert [call.json["data"]["new_state"] for call in calls] == ["thinking", "thinking", "idle"]
    assert calls[0].headers["webhook-id"] == calls[1].headers["webhook-id"]
    assert calls[0].headers["webhook-timestamp"] <= calls[1].headers["webhook-timestamp"]


async def test_hangingReceiver_delaysNoOther(http, session, backend, webhook):
    released = asyncio.Event()

    async def hang(_) -> web.Response:
        await released.wait()
        return web.Response(status=204)

    stuck = await Backend(answer=hang).start()
    try:
        for _ in range(3):
            await webhook(stuck.url, events=["agent_state.changed"])
        await webhook(events=["agent_state.changed"])
        for number in range(20):
            await put_state(http, session["id"], ("thinking", "listening")[number % 2])
        calls = await backend.came(20)
        assert [call.json["seq"] for call in calls] == sorted(call.json["seq"] for call in calls)
    finally:
        released.set()
        await stuck.stop()


async def test_410_disablesTheWebhook(http, session, backend, webhook):
    hook = await webhook(events=["agent_state.changed"])
    backend.answer = answering(410)
    for state in ("thinking", "idle"):
        await put_state(http, session["id"], state)

    async def disabled() -> dict | None:
        shown = done(await http.get(f"/v1/webhooks/{hook['id']}"))
        return None if shown["enabled"] else shown

    shown = await until(disabled, "a disabled webhook")
    assert shown["disabled_reason"] == "gone" and shown["disabled_at"]
    assert len(backend.calls) == 1
    assert {line["status"] for line in await deliveries(http, hook)} == {"discarded"}
    backend.answer = answering(204, text="")
    assert done(await http.patch(f"/v1/webhooks/{hook['id']}", json={"enabled": True}))["enabled"] is True
    await put_state(http, session["id"], "listening")
    await backend.came(2)
    assert backend.calls[1].json["data"]["new_state"] == "listening"


async def test_rotation_signsWithBothSecrets(http, session, backend, webhook):
    hook = await webhook(events=["agent_state.changed"])
    rotated = done(await http.post(f"/v1/webhooks/{hook['id']}/rotate-secret", json={"overlap_s": 3600}))
    assert rotated["secret"] != hook["secret"] and rotated["previous_secret_expires_at"]
    await put_state(http, session["id"], "thinking")
    [call] = await backend.came(1)
    assert call.verified(hook["secret"]) and call.verified(rotated["secret"])
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    again = done(await http.post(f"/v1/webhooks/{hook['id']}/rotate-secret", json={"overlap_s": 0}))
    await put_state(http, session["id"], "idle")
    call = (await backend.came(2))[1]
    assert call.verified(again["secret"])
    with pytest.raises(Exception):
        call.verified(rotated["secret"])


async def test_secret_isShownOnceOnly(http, service, backend, webhook):
    hook = await webhook()
    for answer in (await http.get(f"/v1/webhooks/{hook['id']}"), await http.get("/v1/webhooks"),
                   await http.patch(f"/v1/webhooks/{hook['id']}", json={"description": "the shop's"})):
        assert hook["secret"] not in answer.text and '"secret"' not in answer.text
    assert all(hook["secret"] not in json.dumps(line) for line in service.log)


async def test_testDelivery_saysWhatTheReceiverAnswered(http, backend, webhook):
    hook = await webhook()
    path = f"/v1/webhooks/{hook['id']}/test"
    line = done(await http.post(path))
    assert (line["status"], line["last_status"], line["event_type"]) == ("delivered", 204, "webhook.test")
    assert backend.calls[0].verified(hook["secret"])["type"] == "webhook.test"
    backend.answer = answering(500)
    assert done(await http.post(path))["last_status"] == 500
    await backend.stop()
    failed = done(await http.post(path))
    assert failed["last_status"] is None and failed["last_error"]
    await backend.start()


async def test_sessionsOwnWebhooks_areToldOfItAlone(http, room, other_room, make_session, backend):
    session = await make_session(webhooks=[{"url": backend.url + "/mine", "events": ["agent_state.changed"]}])
    [own] = session["webhooks"]
    other = await make_session(room=other_room)
    await put_state(http, other["id"], "thinking")
    await put_state(http, session["id"], "thinking")

    async def thinking() -> bool:
        return any(event["data"]["new_state"] == "thinking" for event in told(backend))

    await until(thinking, "the state at the session's receiver")
    # Its very first step too: it was there when the session was made.
    assert [event["data"]["new_state"] for event in told(backend)] == ["initializing", "listening", "thinking"]
    assert {event["session_id"] for event in told(backend)} == {session["id"]}
    assert backend.calls[0].verified(own["secret"])
    shown = done(await http.get("/v1/webhooks", params={"session_id": session["id"]}))["data"]
    assert [one["id"] for one in shown] == [own["id"]]
    assert "whsec_" not in (await http.get(f"/v1/sessions/{session['id']}")).text


async def test_scopes(service, backend):
    async with service.client(READER) as reader, service.client(WRITER) as writer:
        done(await reader.get("/v1/webhooks"))
        problem(await writer.post("/v1/webhooks", json={"url": backend.url}), 403, "forbidden")


@pytest.mark.parametrize("body, field", [
    ({}, "url"), ({"url": "ftp://example.com"}, "url"), ({"url": "http://user:pass@example.com/"}, "url"),
    ({"url": "/relative"}, "url"), ({"url": "http://169.254.169.254/latest"}, "url"),
    ({"url": "http://[::1]/"}, "url"), ({"url": "http://0x0a000001/"}, "url"), ({"url": "http://example.com/" + "x" * 3000}, "url"),
    ({"url": "https://example.com", "events": ["nonsense"]}, "events[0]"),
    ({"url": "https://example.com", "session_id": 7}, "session_id"),
    ({"url": "https://example.com", "colour": "red"}, "colour")])
async def test_badWebhooks_areRefused_namingTheField(http, body, field):
    problem(await http.post("/v1/webhooks", json=body), 400, "invalid-request", field)


async def test_nameThatLeadsToAForbiddenAddress_isNeverCalled(http, room_server, cluster, serve, room, backend):
    """The service allows the loopback in no notation when it is not told to."""
    from support.service import environment

    service = await serve(environment(cluster.new_database(), room_server, TURNGATE_EGRESS_ALLOW=None))
    async with service.client() as http:
        hook = done(await http.post("/v1/webhooks", json={"url": f"http://localhost:{backend.port}/"}), 201)
        line = done(await http.post(f"/v1/webhooks/{hook['id']}/test"))
        assert line["last_status"] is None and "address" in line["last_error"]
    assert backend.calls == []
