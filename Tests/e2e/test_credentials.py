"""Every operation of openapi.yaml against every kind of credential, over the real binary."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from pathlib import Path

import pytest
import yaml

from peers import token
from support.answers import done, put_state
from support.service import ADMIN, READER, WRITER, environment
from support.sse import events

CONTRACT = yaml.safe_load((Path(__file__).resolve().parents[2] / "openapi.yaml").read_text())
NOBODY = "ses_01JDXN5Q5ZXW2Q4D4GSK9VZ9RB"
VERBS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = [
    pytest.param(verb.upper(), path, operation, id=operation["operationId"])
    for path, item in CONTRACT["paths"].items() for verb, operation in item.items() if verb in VERBS
]
GUARDED = [one for one in OPERATIONS if one.values[2].get("security") != []]
OPEN = [one for one in OPERATIONS if one.values[2].get("security") == []]
# The row of every operation, by hand: the scope that it needs, and what a room's token reaches of it: its own sessions
# (`session`), lists and what is made in its room (`rooms`), or nothing, because it is the service's own (`service`).
ROWS = {
    "createSession": ("write", "rooms"), "listSessions": ("read", "rooms"), "listAgentStates": ("read", "rooms"),
    "streamEvents": ("read", "rooms"),
    "getSession": ("read", "session"), "updateSession": ("write", "session"), "endSession": ("write", "session"),
    "createParticipantToken": ("write", "session"), "setAgentState": ("write", "session"),
    "listSessionAgentStates": ("read", "session"), "summarizeAgentStates": ("read", "session"),
    "registerRPCMethod": ("write", "session"), "listRPCMethods": ("read", "session"), "getRPCMethod": ("read", "session"),
    "replaceRPCMethod": ("write", "session"), "unregisterRPCMethod": ("write", "session"),
    "listRPCInvocations": ("read", "session"), "getRPCInvocation": ("read", "session"),
    "answerRPCInvocation": ("write", "session"), "callRPC": ("write", "session"),
    "notifyTurn": ("write", "session"), "listTurnNotifications": ("read", "session"),
    "getTurnNotification": ("read", "session"), "startTurn": ("write", "session"), "listTurns": ("read", "session"),
    "getTurn": ("read", "session"), "endTurn": ("write", "session"), "cancelTurn": ("write", "session"),
    "getTurnAudio": ("read", "session"), "getAudioInput": ("read", "session"), "setAudioInput": ("write", "session"),
    "streamAudioInput": ("read", "session"), "speak": ("write", "session"), "interrupt": ("write", "session"),
    "listIncidents": ("read", "session"), "streamSessionEvents": ("read", "session"),
    "addDefaultRPCMethod": ("admin", "service"), "listDefaultRPCMethods": ("read", "service"),
    "getDefaultRPCMethod": ("read", "service"), "replaceDefaultRPCMethod": ("admin", "service"),
    "removeDefaultRPCMethod": ("admin", "service"),
    "createWebhook": ("admin", "service"), "listWebhooks": ("read", "service"), "getWebhook": ("read", "service"),
    "updateWebhook": ("admin", "service"), "deleteWebhook": ("admin", "service"),
    "rotateWebhookSecret": ("admin", "service"), "testWebhook": ("admin", "service"),
    "listWebhookDeliveries": ("read", "service"),
}
ANYBODYS = {"getVersion", "getHealth", "getReadiness", "getMetrics", "getContract", "getDocs", "getDocsFile",
            "listProblems", "getProblem"}


def test_everyOperation_hasItsRow():
    """One that is new is thought about before anybody may call it."""
    assert {one.id for one in GUARDED} == ROWS.keys()
    assert {one.id for one in OPEN} == ANYBODYS


def part(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def bad_tokens(room: str) -> dict[str, str]:
    good = token("web", room, room_admin=True)
    _, claims, signature = good.split(".")
    none = part({"alg": "none", "typ": "JWT"})
    return {
        "bad key": "wrong", "expired": token("web", room, room_admin=True, lifetime=-3600),
        "unsigned": good[: good.rindex(".") + 1], "none": f"{none}.{claims}.", "none, signed": f"{none}.{claims}.{signature}",
        "another secret": token("web", room, room_admin=True, secret="another-secret-of-somebody-else-entirely"),
        "another key": token("web", room, room_admin=True, key="other"),
    }


async def ask(service, verb: str, path: str, session: dict, credential: str | None, body: dict | None = None):
    place = re.sub(r"{\w+}", "x", path.replace("{session}", session["id"]))
    async with service.client(credential) as client, client.stream(verb, place, json=body) as answer:
        # A stream that is let in has no end.
        if answer.status_code >= 400:
            await answer.aread()
        return answer


@pytest.mark.parametrize("verb, path, operation", GUARDED)
async def test_credentialsThatAreNone_are401(service, session, room, verb, path, operation):
    missing = await ask(service, verb, path, session, None)
    assert missing.status_code == 401 and missing.headers["www-authenticate"] == 'Bearer realm="turngate"'
    for what, credential in bad_tokens(room).items():
        answer = await ask(service, verb, path, session, credential)
        assert answer.status_code == 401, what
        challenge = answer.headers["www-authenticate"]
        assert 'error="invalid_token"' in challenge, what
        assert ("has expired" in challenge) == (what == "expired")


@pytest.mark.parametrize("verb, path, operation", GUARDED)
async def test_whoMayNot_is403(service, session, room, verb, path, operation):
    needed, _ = ROWS[operation["operationId"]]
    small = {"read": [], "write": [READER], "admin": [READER, WRITER]}[needed]
    for secret in small:
        answer = await ask(service, verb, path, session, secret)
        assert answer.status_code == 403 and answer.json()["required_scope"] == needed
    powerless = await ask(service, verb, path, session, token("web", room))
    assert powerless.status_code == 403 and 'error="insufficient_scope"' in powerless.headers["www-authenticate"]


@pytest.mark.parametrize("verb, path, operation", GUARDED)
async def test_anotherRoomsToken_findsNothing(service, session, room, other_room, verb, path, operation):
    stranger = token("web", other_room, room_admin=True)
    body = {"room": room} if (verb, path) == ("POST", "/v1/sessions") else None
    answer = await ask(service, verb, path, session, stranger, body)
    _, reach = ROWS[operation["operationId"]]
    if reach == "session":
        assert answer.status_code == 404 and answer.json()["type"] == "/problems/session-not-found"
    elif reach == "service":
        assert answer.status_code == 403
    elif body:
        assert answer.status_code == 403 and answer.json()["errors"][0]["field"] == "room"
    else:
        assert answer.status_code in (200, 204)
        if answer.headers["content-type"] == "application/json":
            async with service.client(stranger) as client:
                assert done(await client.get(path))["data"] == []


@pytest.mark.parametrize("verb, path, operation", OPEN)
async def test_openOperations_takeEverybody(service, session, room, verb, path, operation):
    bare = await ask(service, verb, path, session, None)
    assert bare.status_code not in (401, 403)
    for credential in bad_tokens(room).values():
        assert (await ask(service, verb, path, session, credential)).status_code == bare.status_code


@pytest.mark.parametrize("verb, path, operation", [one for one in GUARDED if ROWS[one.id][1] == "session"])
async def test_anotherRoomsSession_looksLikeNone(service, session, other_room, verb, path, operation):
    """A stranger cannot tell a session that it may not see from one that there is not."""
    stranger = token("web", other_room, room_admin=True)
    hidden = (await ask(service, verb, path, session, stranger)).json()
    absent = (await ask(service, verb, path, {"id": NOBODY}, stranger)).json()
    for answer, identifier in ((hidden, session["id"]), (absent, NOBODY)):
        for member in ("detail", "instance"):
            answer[member] = answer[member].replace(identifier, "ses_")
        answer["request_id"] = ""
    assert hidden == absent


async def test_takingCalls_needsToWrite(service, session):
    """A GET, but it takes calls away from other pollers."""
    path = f"/v1/sessions/{session['id']}/rpc-invocations"
    async with service.client(READER) as board, service.client(WRITER) as web:
        refused = await board.get(path, params={"status": "pending"})
        assert refused.status_code == 403 and refused.json()["required_scope"] == "write"
        assert done(await board.get(path)) == {"data": [], "next_cursor": None}
        assert done(await web.get(path, params={"status": "pending"})) == {"data": [], "next_cursor": None}


async def test_theRoomsToken_isItsAdmin(service, session, room, other_room):
    async with service.client(token("web", room, room_admin=True)) as client:
        place = f"/v1/sessions/{session['id']}"
        assert done(await client.get(place))["room"] == room
        assert [one["id"] for one in done(await client.get("/v1/sessions"))["data"]] == [session["id"]]
        assert (await client.get("/v1/sessions", params={"room": other_room})).status_code == 403
        done(await client.patch(place, json={"labels": {"by": "token"}}))
        done(await client.put(f"{place}/agent-state", json={"state": "thinking"}))
        rows = done(await client.get("/v1/agent-states", params={"order": "desc", "limit": 1}))["data"]
        assert rows[0]["actor"] == f"livekit:{room}/web" and rows[0]["room"] == room
        done(await client.put(f"{place}/agent-state", json={"state": "listening"}))


async def test_whatWeHandToBrowsers_opensNothing(service, http, session):
    made = done(await http.post(f"/v1/sessions/{session['id']}/participant-tokens", json={"identity": "alice"}), 201)
    async with service.client(made["token"]) as client:
        assert (await client.get("/v1/sessions")).status_code == 403


async def test_keysAreTriedBeforeTokens(service):
    async with service.client(ADMIN) as client:
        done(await client.get("/v1/sessions"))


@pytest.mark.parametrize("of_session", [True, False])
async def test_tokenThatEnds_endsItsStreams(service, http, session, room, of_session):
    """Tokens are taken for a minute more than they say, and so are the streams that they have opened."""
    path = f"/v1/sessions/{session['id']}/events" if of_session else "/v1/events"
    async with service.client(token("web", room, room_admin=True, lifetime=-52)) as client:
        listening = client.stream("GET", f"/v1/sessions/{session['id']}/audio-input/stream", params={"format": "pcm"})
        async with events(client, path) as stream, listening as sound:
            assert sound.status_code == 200
            await put_state(http, session["id"], "thinking")
            [event] = await stream.take(1)
            assert event.type == "agent_state.changed"
            [closed] = await stream.rest()
            assert (closed.type, closed.data, closed.id) == ("stream.closed", {"reason": "credential_expired"}, None)
            # It has an end, too, and a good one.
            assert await sound.aread() == b""
        again = await client.get(path, headers={"Last-Event-ID": stream.last_id})
        assert again.status_code == 401 and "has expired" in again.headers["www-authenticate"]
    async with service.client(token("web", room, room_admin=True)) as client, events(client, path, stream.last_id) as stream:
        await put_state(http, session["id"], "listening")
        [event] = await stream.take(1)
        assert event.data["data"]["new_state"] == "listening"


async def test_keyThatIsTakenOffTheList_losesItsStreams(cluster, room_server, serve, room, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"ops=admin:{ADMIN}\nweb=write:{WRITER}\nboard=read:{READER}\n")
    service = await serve(environment(
        cluster.new_database(), room_server, TURNGATE_API_KEYS=None, TURNGATE_API_KEYS_FILE=str(file)))
    async with service.client(ADMIN) as ops, service.client(WRITER) as web, service.client(READER) as board:
        async with events(ops, "/v1/events") as kept, events(web, "/v1/events") as gone, events(board, "/v1/events") as changed:
            # The third has its name still, but another secret; the first a smaller scope, which suffices.
            file.write_text(f"ops=write:{ADMIN}\nboard=read:another-{READER}\n")
            os.kill(service.pid, signal.SIGHUP)
            for stream in (gone, changed):
                [closed] = await stream.rest()
                assert (closed.type, closed.data) == ("stream.closed", {"reason": "credential_expired"})
            session = done(await ops.post("/v1/sessions", json={"room": room}), 201)
            [event] = await kept.take(1)
            assert event.type == "session.created" and event.data["session_id"] == session["id"]
        for client in (web, board):
            assert (await client.get("/v1/events")).status_code == 401
        done(await ops.delete(f"/v1/sessions/{session['id']}"))
