"""Repeats of POSTs with the same Idempotency-Key, over the real binary."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter

from support.answers import done
from support.service import WRITER, environment


async def until_answered(client, path: str, key: str, body: dict | None):
    """Asks again as long as the first call with the key runs."""
    async with asyncio.timeout(300):
        while True:
            answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
            if answer.status_code != 409 or "idempotency-key-in-use" not in answer.text:
                return answer
            assert answer.headers["retry-after"] == "1"
            await asyncio.sleep(0.05)


async def test_manyRepeatsAtOnce_makeOneSession(http, room):
    key, body = str(uuid.uuid4()), {"room": room}
    answers = await asyncio.gather(*(until_answered(http, "/v1/sessions", key, body) for _ in range(200)))
    assert Counter(answer.status_code for answer in answers) == {201: 200}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotent-replayed") for answer in answers) == {"true": 199, None: 1}
    found = done(await http.get("/v1/sessions", params={"room": room}))["data"]
    assert [one["id"] for one in found] == [answers[0].json()["id"]]
    assert (await http.delete(f"/v1/sessions/{found[0]['id']}")).status_code == 200


async def test_otherBodies_otherCallersAndBadKeys(service, http, session):
    place, key = f"/v1/sessions/{session['id']}/rpc-methods", str(uuid.uuid4())
    method = {"name": "one", "handler": {"type": "static", "response": "1"}}
    first = await http.post(place, json=method, headers={"Idempotency-Key": key})
    again = await http.post(place, json=method, headers={"Idempotency-Key": key})
    assert first.status_code == again.status_code == 201 and first.content == again.content
    assert again.headers["location"] == first.headers["location"]
    other = await http.post(place, json=method | {"name": "two"}, headers={"Idempotency-Key": key})
    assert other.status_code == 422 and other.json()["type"] == "/problems/idempotency-key-reused"
    async with service.client(WRITER) as writer:
        theirs = await writer.post(place, json=method, headers={"Idempotency-Key": key})
        assert theirs.status_code == 409 and theirs.json()["type"] == "/problems/rpc-method-taken"
    for bad in ("", "a b", "x" * 256):
        answer = await http.post(place, json=method, headers={"Idempotency-Key": bad})
        assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_answers_outliveTheProcess(cluster, own_room_server, serve, room):
    variables = environment(cluster.new_database(), own_room_server)
    service, key = await serve(variables), str(uuid.uuid4())
    async with service.client() as client:
        first = await until_answered(client, "/v1/sessions", key, {"room": room})
        assert first.status_code == 201
    await service.kill()
    successor = await serve(variables)
    async with successor.client() as client:
        again = await until_answered(client, "/v1/sessions", key, {"room": room})
        assert again.content == first.content and again.headers["idempotent-replayed"] == "true"
        assert len(done(await client.get("/v1/sessions"))["data"]) == 1


async def test_rateLimit_isPerKey(cluster, room_server, serve):
    service = await serve(environment(
        cluster.new_database(), room_server, TURNGATE_RATE_LIMIT="1", TURNGATE_RATE_BURST="20"))
    async with service.client() as client, service.client(WRITER) as writer:
        answers = [await client.get("/v1/sessions") for _ in range(30)]
        assert 20 <= sum(answer.status_code == 200 for answer in answers) < 30
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused and all(int(answer.headers["retry-after"]) == 1 for answer in refused)
        assert all(answer.headers["ratelimit-policy"] == '"default";q=20;w=20' for answer in answers)
        assert answers[0].headers["ratelimit"].startswith('"default";r=19;t=')
        done(await writer.get("/v1/sessions"))
        assert "ratelimit" not in (await client.get("/healthz")).headers
    await service.logged(lambda line: line.get("message") == "request" and line.get("status") == "429")
