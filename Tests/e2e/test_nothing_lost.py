"""Thousands of events, kills in between: every one reaches the receiver, and a reader that comes again has each once."""

import asyncio
import json

import httpx
import pytest

from support.answers import done, until
from support.backend import Backend
from support.effort import enough
from support.service import Service, environment

EVENTS = enough(5000, 2000)
KILLS = enough(10, 4)
SESSIONS, AT_ONCE = 20, 5
GONE = (httpx.TransportError,)


class Reader:
    """A reader of `/v1/events` that comes again with `Last-Event-ID`, as browsers do."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.ids: list[str] = []
        self.told: list[dict] = []
        self.connections = 0

    async def run(self) -> None:
        while True:
            headers = {"Last-Event-ID": self.ids[-1]} if self.ids else {}
            parameters = {} if self.ids else {"from": "start"}
            try:
                async with self._service.client(timeout=5) as http:
                    async with http.stream("GET", "/v1/events", headers=headers,
                                           params=parameters | {"heartbeat_s": 1}) as answer:
                        assert answer.status_code == 200, await answer.aread()
                        self.connections += 1
                        identifier = None
                        async for line in answer.aiter_lines():
                            if line.startswith("id: "):
                                identifier = line[4:]
                            elif line.startswith("data: ") and identifier:
                                self.told.append(json.loads(line[6:]))
                            elif line == "" and identifier:
                                self.ids.append(identifier)
                                identifier = None
            except GONE:
                # An event that was cut off in the middle was not dispatched.
                del self.told[len(self.ids):]
                await asyncio.sleep(0.05)


@pytest.mark.long
async def test_tenKills_loseNoEvent_andDoubleNoneForTheReader(cluster, own_room_server, room):
    service = Service(environment(cluster.new_database(), own_room_server))
    backend = await Backend().start()
    await service.start()
    async with service.client() as http:
        hook = done(await http.post("/v1/webhooks", json={"url": backend.url}), 201)
    reader = Reader(service)
    reading = asyncio.ensure_future(reader.run())
    acknowledged: dict[str, set[int]] = {}
    try:
        for round_number in range(KILLS + 1):
            async with service.client() as http:
                identifiers = []
                # A few at once: each has a time in which it has to join.
                for first in range(0, SESSIONS, AT_ONCE):
                    made = await asyncio.gather(*(
                        http.post("/v1/sessions", json={"room": f"{room}-{round_number}-{number}"})
                        for number in range(first, first + AT_ONCE)))
                    identifiers += [done(answer, 201)["id"] for answer in made]
                wanted = EVENTS // (KILLS + 1) + 1

                async def work(identifier: str) -> None:
                    rows = acknowledged.setdefault(identifier, set())
                    for number in range(wanted // SESSIONS + 1):
                        state = ("thinking", "listening")[number % 2]
                        answer = await http.put(f"/v1/sessions/{identifier}/agent-state", json={"state": state})
                        if answer.status_code == 200:
                            rows.add(answer.json()["seq"])

                working = [asyncio.ensure_future(work(identifier)) for identifier in identifiers]
                if round_number < KILLS:
                    # In the middle of the work: after about half of it.
                    async def half() -> bool:
                        return sum(len(acknowledged[one]) for one in identifiers if one in acknowledged) > wanted / 2

                    await until(half, "half of the work")
                    await service.kill()
                    await asyncio.gather(*working, return_exceptions=True)
                    await service.start()
                else:
                    await asyncio.gather(*working)
                    for identifier in identifiers:
                        done(await http.delete(f"/v1/sessions/{identifier}"))
        expected = await every_event(service, cluster)
        await until(lambda: _have(reader, expected), "all events at the reader", 60)
        await until(lambda: _delivered(backend, expected), "all events at the receiver", 120)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        if service.is_running:
            assert await service.stop() == 0
        await backend.stop()

    assert len(expected) >= EVENTS, len(expected)
    # What was answered with 200 is among them.
    told_rows = {(event["session_id"], event["data"]["seq"]) for event in reader.told
                 if event["type"] == "agent_state.changed"}
    missing = {(one, seq) for one, rows in acknowledged.items() for seq in rows} - told_rows
    assert not missing, f"{len(missing)} acknowledged steps were never told"
    # The reader: each once, in order.
    assert len(reader.ids) == len(set(reader.ids)) and set(reader.ids) == expected
    _assert_in_order(reader.told)
    # The receiver: each at least once; first deliveries in order per session.
    firsts, seen = [], set()
    for call in backend.calls:
        event = call.verified(hook["secret"])
        if event["id"] not in seen:
            seen.add(event["id"])
            firsts.append(event)
    assert seen == expected
    _assert_in_order(firsts)
    doubles = len(backend.calls) - len(seen)
    print(f"\n{len(expected)} events, {KILLS} kills: reader {reader.connections} connections, "
          f"receiver {doubles} deliveries twice")


async def every_event(service: Service, cluster) -> set[str]:
    """The ids of all events, read from the first on by a client that nobody cuts off."""
    found: set[str] = set()
    async with service.client(timeout=5) as http:
        async with http.stream("GET", "/v1/events", params={"from": "start", "heartbeat_s": 1}) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    found.add(line[4:])
                if line.startswith(": heartbeat"):
                    return found
    raise AssertionError("the stream ended")


async def _have(reader: Reader, expected: set[str]) -> bool:
    return len(reader.ids) >= len(expected)


async def _delivered(backend: Backend, expected: set[str]) -> bool:
    return len({call.headers["webhook-id"] for call in backend.calls}) >= len(expected)


def _assert_in_order(told: list[dict]) -> None:
    last: dict[str, int] = {}
    for event in told:
        assert event["seq"] == last.get(event["session_id"], 0) + 1, (event, last.get(event["session_id"]))
        last[event["session_id"]] = event["seq"]
