"""Every operation of openapi.yaml against every kind of credential, over the real binary."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
import yaml

from peers import token
from support.answers import done
from support.service import ADMIN, READER, WRITER

CONTRACT = yaml.safe_load((Path(__file__).resolve().parents[2] / "openapi.yaml").read_text())
VERBS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = [
    pytest.param(verb.upper(), path, operation, id=operation["operationId"])
    for path, item in CONTRACT["paths"].items() for verb, operation in item.items() if verb in VERBS
]
GUARDED = [one for one in OPERATIONS if one.values[2].get("security") != []]
OPEN = [one for one in OPERATIONS if one.values[2].get("security") == []]
# Of the service itself; no room's token reaches it.
SERVICE = re.compile(r"^/v1/(webhooks|rpc-methods)(/|$)")
ADMINS = SERVICE


def scope(verb: str, path: str) -> str:
    if verb == "GET":
        return "read"
    return "admin" if ADMINS.match(path) else "write"


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
    needed = scope(verb, path)
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
    if "{session}" in path:
        assert answer.status_code == 404 and answer.json()["type"] == "/problems/session-not-found"
    elif SERVICE.match(path):
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
