"""Calls that are repeated with the same Idempotency-Key."""

import asyncio
import uuid

import aiohttp
import pytest

from support.answers import done, problem, until
from support.service import ADMIN, WRITER, Service, environment

REPEATS = 1000


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


async def test_repeat_getsTheStoredReply(http, room):
    key = keyed(str(uuid.uuid4()))
    first = await http.post("/v1/sessions", json={"room": room}, headers=key)
    again = await http.post("/v1/sessions", json={"room": room}, headers=key)
    assert done(first, 201) == done(again, 201)
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert again.headers["location"] == first.headers["location"]
    assert len(done(await http.get("/v1/sessions", params={"room": room}))["data"]) == 1
    done(await http.delete(first.headers["location"]))


async def test_anotherBodyOrPath_is422(http, room, session):
    key = keyed(str(uuid.uuid4()))
    path = f"/v1/sessions/{session['id']}/turn-notifications"
    done(await http.post(path, json={"payload": "a"}, headers=key), 201)
    problem(await http.post(path, json={"payload": "b"}, headers=key), 422, "idempotency-key-reused")
    problem(await http.post(f"/v1/sessions/{session['id']}/interrupt", headers=key), 422, "idempotency-key-reused")


async def test_keysOfTwoCallers_neverMeet(service, http, session):
    key = keyed("the-same")
    path = f"/v1/sessions/{session['id']}/turn-notifications"
    first = done(await http.post(path, json={}, headers=key), 201)
    async with service.client(WRITER) as writer:
        second = done(await writer.post(path, json={}, headers=key), 201)
    assert first["id"] != second["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "ümlaut".encode()])
async def test_badKeys_areRefused(http, room, key):
    problem(await http.post("/v1/sessions", json={"room": room}, headers={"Idempotency-Key": key}), 400,
            "invalid-request", "Idempotency-Key")


async def test_refusal_isReplayedToo_andAWrongFieldMayBeCorrectedUnderANewKey(http, session):
    key = keyed(str(uuid.uuid4()))
    method = {"name": "ask", "handler": {"type": "echo"}}
    path = f"/v1/sessions/{session['id']}/rpc-methods"
    done(await http.post(path, json=method), 201)
    problem(await http.post(path, json=method, headers=key), 409, "rpc-method-taken")
    assert (await http.delete(f"{path}/ask")).status_code == 204
    again = await http.post(path, json=method, headers=key)
    problem(again, 409, "rpc-method-taken")
    assert again.headers["idempotent-replayed"] == "true"


async def test_refusalThatPasses_isNotKept(http, session):
    key = keyed(str(uuid.uuid4()))
    taken = {"room": session["room"]}
    problem(await http.post("/v1/sessions", json=taken, headers=key), 409, "identity-taken")
    again = await http.post("/v1/sessions", json=taken, headers=key)
    problem(again, 409, "identity-taken")
    assert "idempotent-replayed" not in again.headers


async def test_everyPOST_isDoneOnce_whenManyRepeatItAtOnce(http, session, make_session, room_server, join, backend):
    from test_rpc import together

    [alice] = await together(http, session, room_server, join, "alice")
    called: list[str] = []

    @alice.me.register_rpc_method("ask")
    async def _(data) -> str:
        called.append(data.payload)
        await asyncio.sleep(0.2)
        return "fine"

    key = keyed(str(uuid.uuid4()))
    body = {"method": "ask", "payload": "once", "destinations": ["alice"]}
    path = f"/v1/sessions/{session['id']}/rpc-calls"
    answers = await asyncio.gather(*(http.post(path, json=body, headers=key) for _ in range(50)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "idempotency-key-in-use")
            assert answer.headers["retry-after"]
    assert done(await http.post(path, json=body, headers=key))["results"][0]["response"] == "fine"
    assert called == ["once"]
    hooks = await asyncio.gather(*(
        http.post("/v1/webhooks", json={"url": backend.url}, headers=keyed("hook-of-" + session["id"])) for _ in range(20)))
    made = {answer.json()["id"] for answer in hooks if answer.status_code == 201}
    assert len(made) == 1
    assert (await http.delete(f"/v1/webhooks/{made.pop()}")).status_code == 204


async def test_speech_isSaidOnce(http, session):
    import numpy

    from support import wav

    sound = wav.write((numpy.sin(numpy.arange(9_600) / 15) * 8_000).astype(numpy.int16), 48_000)
    key = keyed(str(uuid.uuid4())) | {"Content-Type": "audio/wav"}
    path = f"/v1/sessions/{session['id']}/speech"
    first = done(await http.post(path, params={"wait_ms": 10_000}, content=sound, headers=key), 201)
    again = await http.post(path, params={"wait_ms": 10_000}, content=sound, headers=key)
    assert done(again, 201) == first and again.headers["idempotent-replayed"] == "true"
    problem(await http.post(path, params={"wait_ms": 10_000}, content=sound[:-2], headers=key), 422)


@pytest.mark.long
async def test_aThousandRepeats_andAKillInBetween_haveOneEffectEach(cluster, own_room_server, room):
    """20 keys, each repeated 50 times at once; the service is killed while it is at it, and asked again."""
    keys = [f"create-{number}" for number in range(20)]
    service = await Service(environment(cluster.new_database(), own_room_server)).start()
    try:
        async def ask(client: aiohttp.ClientSession, number: int) -> tuple[int, dict] | None:
            try:
                async with client.post("/v1/sessions?wait_ms=5000", json={"room": f"{room}-{number}"},
                                       headers=keyed(keys[number])) as answer:
                    return answer.status, await answer.json(content_type=None)
            except aiohttp.ClientError:
                return None

        for kill in range(3):
            async with many_calls(service) as client:
                asking = [asyncio.ensure_future(ask(client, number % len(keys))) for number in range(REPEATS)]
                await until(lambda: _answered(asking, 5 + 100 * kill), "the first answers")
                await service.kill()
                await asyncio.gather(*asking)
            await service.start()
        async with service.client() as http, many_calls(service) as client:
            for number in range(len(keys)):
                async def reply() -> dict | None:
                    answer = await ask(client, number)
                    return answer[1] if answer is not None and answer[0] == 201 else None

                told = await until(reply, f"an answer to key {number}", 40)
                made = done(await http.get("/v1/sessions", params={"room": f"{room}-{number}"}))["data"]
                assert [one["id"] for one in made] == [told["id"]], f"key {number}"
    finally:
        if service.is_running:
            assert await service.stop() == 0


def many_calls(service: Service) -> aiohttp.ClientSession:
    """A client for a thousand calls at once, which httpx takes 15 s to begin."""
    return aiohttp.ClientSession(
        service.url, headers={"Authorization": f"Bearer {ADMIN}"}, connector=aiohttp.TCPConnector(limit=REPEATS))


async def _answered(tasks: list, count: int) -> bool:
    return sum(task.done() for task in tasks) >= count
