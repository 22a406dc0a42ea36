"""409: what stands in the way is named, and nothing was changed."""

import asyncio

import pytest

from support.answers import BUILT_IN, done, history, problem, session_with

ECHO = {"type": "echo"}


async def test_identityThatIsLiveInThatRoom(http, room, other_room, make_session):
    made = await make_session()
    conflict = problem(await http.post("/v1/sessions", json={"room": room}), 409, "identity-taken")
    assert (conflict["conflicting_session"], conflict["room"], conflict["identity"]) == (made["id"], room, "agent")
    # Another identity, or another room, is nobody's way.
    await make_session(agent={"identity": "second"})
    await make_session(room=other_room)
    assert done(await http.get(f"/v1/sessions/{made['id']}"))["status"] == "active"


async def test_twentyCreatesOfOneIdentityAtOnce_exactlyOneWins(http, room_server, join, room):
    answers = await asyncio.gather(*(http.post("/v1/sessions", json={"room": room}) for _ in range(20)))
    won = [done(answer, 201) for answer in answers if answer.status_code == 201]
    assert len(won) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert problem(answer, 409, "identity-taken")["conflicting_session"] == won[0]["id"]
    listed = done(await http.get("/v1/sessions", params={"room": room}))["data"]
    assert [one["id"] for one in listed] == [won[0]["id"]]
    alice = await join(room_server, "alice")
    await alice.sees_active("agent")
    done(await http.delete(f"/v1/sessions/{won[0]['id']}"))


async def test_rpcNameThatIsTaken(http, make_session):
    made = await make_session(rpc_methods=[{"name": "echo", "handler": ECHO}])
    path = f"/v1/sessions/{made['id']}/rpc-methods"
    taken = await http.post(path, json={"name": "echo", "handler": {"type": "static", "response": "x"}})
    assert problem(taken, 409, "rpc-method-taken")["rpc_method"] == "echo"
    assert done(await http.get(f"{path}/echo"))["handler"] == ECHO


async def test_rpcNameRegisteredManyTimesAtOnce_exactlyOneWins(http, session):
    path = f"/v1/sessions/{session['id']}/rpc-methods"
    answers = await asyncio.gather(*(http.post(path, json={"name": "one", "handler": ECHO}) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    listed = done(await http.get(path))["data"]
    assert [(line["name"], line["builtin"]) for line in listed] == [
        *((name, True) for name in BUILT_IN[:3]), ("one", False), (BUILT_IN[3], True)]


async def test_defaultNameThatIsTaken(http, room):
    default = {"name": f"default-{room}", "handler": ECHO}
    done(await http.post("/v1/rpc-methods", json=default), 201)
    path = f"/v1/rpc-methods/{default['name']}"
    taken = await http.post("/v1/rpc-methods", json=default | {"handler": {"type": "queue"}})
    assert problem(taken, 409, "rpc-method-taken")["rpc_method"] == default["name"]
    assert done(await http.get(path))["handler"] == ECHO
    assert (await http.delete(path)).status_code == 204


@pytest.mark.parametrize("name", BUILT_IN)
async def test_defaultOfABuiltInName(http, name):
    path = f"/v1/rpc-methods/{name}"
    for answer in (await http.post("/v1/rpc-methods", json={"name": name, "handler": ECHO}),
                   await http.put(path, json={"handler": ECHO}), await http.delete(path)):
        assert problem(answer, 409, "rpc-method-builtin")["rpc_method"] == name


async def test_webhooksOfOneSession_areFiveAtMost(http, session, backend):
    body = {"url": backend.url, "session_id": session["id"]}
    answers = await asyncio.gather(*(http.post("/v1/webhooks", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 3
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "too-many-webhooks")
    listed = done(await http.get("/v1/webhooks", params={"session_id": session["id"]}))["data"]
    assert len(listed) == 5
    for one in listed:
        assert (await http.delete(f"/v1/webhooks/{one['id']}")).status_code == 204


async def test_rpcNameTwiceInOneSession(http, room):
    methods = [{"name": "echo", "handler": ECHO}] * 2
    answer = await http.post("/v1/sessions", json={"room": room, "rpc_methods": methods})
    assert problem(answer, 409, "rpc-method-taken")["rpc_method"] == "echo"
    assert done(await http.get("/v1/sessions", params={"room": room}))["data"] == []


WRITES = {
    "patch": ("PATCH", "", {"labels": {"a": "b"}}),
    "token": ("POST", "/participant-tokens", {"identity": "alice"}),
    "state": ("PUT", "/agent-state", {"state": "thinking"}),
    "register": ("POST", "/rpc-methods", {"name": "late", "handler": ECHO}),
    "replace": ("PUT", "/rpc-methods/echo", {"handler": ECHO}),
    "unregister": ("DELETE", "/rpc-methods/echo", None),
    "call": ("POST", "/rpc-calls", {"method": "x", "destinations": "all"}),
    "notify": ("POST", "/turn-notifications", {}),
}


@pytest.fixture(scope="module")
async def ended(service):
    """A session that is over."""
    async with service.client() as http:
        body = {"room": "conflicts-ended", "rpc_methods": [{"name": "echo", "handler": ECHO}]}
        made = done(await http.post("/v1/sessions", json=body), 201)
        return done(await http.delete(f"/v1/sessions/{made['id']}"))


@pytest.mark.parametrize("name", WRITES)
async def test_endedSession_takesNothingMore(http, ended, name):
    method, path, body = WRITES[name]
    answer = await http.request(method, f"/v1/sessions/{ended['id']}{path}", json=body)
    conflict = problem(answer, 409, "session-not-working")
    assert (conflict["session"], conflict["session_status"]) == (ended["id"], "ended")
    assert done(await http.get(f"/v1/sessions/{ended['id']}")) == ended
    assert len(await history(http, ended["id"])) == 2


async def test_sessionsThatFailed_freeTheirIdentityToo(http, room_server, join, room, make_session):
    made = await make_session()
    rival = await join(room_server, "agent")
    await session_with(http, made["id"], "failed")
    await rival.leave()
    await make_session()
