"""Line 14: what reading a session costs while everything goes on at once.

200 live sessions in a room server. At rest: 1,000 times a second one of them is read. Then the same while every session
changes its agent's state once a second, 500 readers follow the events, and /metrics is scraped. Requests, changes and
readers are made by processes of their own, each with an eye on its own use of the processor.

Afterwards nothing may be missing: every change that was answered is in the history, and every reader has got every
event that is its own, once and in order.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import stack
from bench.event_readers import digest
from bench.open_loop import Harvest, Order
from bench.processors import Parties
from bench.progress import say
from bench.results import Row, at_most, row
from bench.rounds import interleaved

SESSIONS = 200
RATE = 1000
SECONDS = 6
# At the start of each measurement, in which connections and caches come to rest.
SKIP_SECONDS = 1
# The changes begin before what is measured, and end after it.
AROUND_SECONDS = 1
# An even number of changes: every session ends as it began.
CHANGING_SECONDS = SECONDS + 2 * AROUND_SECONDS
# The readers of everything get as much in a second as all of the others together in four.
READERS_OF_ALL = 20
READERS = 500
GOAL = at_most(3)
# Nothing takes this long on a machine that has nothing else to do.
REST_MS = 10
TRIES = 3
STATES = ['{"state":"thinking","reason":"bench"}', '{"state":"listening","reason":"bench"}']
WAIT_SECONDS = 60


class Lost(Exception):
    """Something that was promised is not there."""


@dataclass
class House:
    """The service with its 200 sessions, and all who use it."""

    cluster: object
    server: stack.RoomServer
    service: stack.Turngate
    ids: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    async def fill(self) -> None:
        """The sessions, alive and listening."""
        say(f"  making {SESSIONS} sessions")
        gate = asyncio.Semaphore(8)
        async with self.service.client(timeout=WAIT_SECONDS) as http:
            async def make(number: int) -> str:
                async with gate:
                    wish = {"room": f"busy-{number}", "empty_timeout_s": 0, "max_duration_s": 0}
                    answer = await http.post("/v1/sessions", json=wish, params={"wait_ms": 30_000})
                    if answer.status_code != 201 or answer.json()["status"] != "active":
                        raise RuntimeError(f"no session: {answer.text}")
                    return answer.json()["id"]
            self.ids = await asyncio.gather(*(make(number) for number in range(SESSIONS)))
            for id in self.ids:
                await http.put(f"/v1/sessions/{id}/agent-state", json={"state": "listening"})

    def _order(self, suffix: str, rate: float, seconds: float, **more) -> Order:
        address = urlsplit(self.service.url)
        return Order(address.hostname, address.port, stack.AUTHORIZED["Authorization"],
                     [f"/v1/sessions/{id}{suffix}" for id in self.ids], self.ids, rate, seconds, **more)

    async def _read(self) -> Harvest:
        return await _carried_out(self._order("", RATE, SECONDS, skip=SKIP_SECONDS))

    async def idle(self) -> float:
        """The p99 in ms of a read while nothing else goes on.

        A machine that is not at rest would make this long, and the ratio a good one: then it is measured again, and
        the shortest counts.
        """
        found: list[float] = []
        while len(found) < TRIES and min(found, default=REST_MS) >= REST_MS:
            parties = self._parties()
            harvest = await self._read()
            parties.stop()
            self.notes["idle"] = parties.used({"requests": harvest.cpu})
            found.append(harvest.p99)
        if min(found) >= REST_MS:
            self.notes["rest"] = f"The machine was not at rest: a p99 of {min(found):.0f} ms with nothing going on. "
        return min(found)

    async def busy(self) -> float:
        """The p99 in ms of a read while everything goes on; raises `Lost`."""
        place = int(await self._sql("SELECT coalesce(max(position), 0) FROM events"))
        base = await self._sql("SELECT max(seq), turngate_id('ses', session_id) FROM agent_state_transitions GROUP BY 2")
        async with self._readers() as readers, self._scraper() as scraped:
            parties = self._parties()
            writing = asyncio.ensure_future(_carried_out(self._order(
                "/agent-state", SESSIONS, CHANGING_SECONDS, connections=SESSIONS, bodies=STATES)))
            await asyncio.sleep(AROUND_SECONDS)
            harvest = await self._read()
            changes = await writing
            parties.stop()
            seen = await readers.finish()
            self.notes["busy"] = parties.used(
                {"requests": harvest.cpu, "changes": changes.cpu, "event readers": seen["cpu"]})
        events = await self._check_readers(place, seen["streams"])
        await self._check_history(base, changes.bodies)
        if not scraped:
            raise Lost("/metrics was never scraped")
        self.notes["counts"] = (f"nothing lost; in each round {len(changes.bodies):,} changes and about {events:,} events, "
                                f"received {sum(count for _, count, _ in seen['streams']):,} times")
        return harvest.p99

    def _parties(self) -> Parties:
        server = {} if self.server.pid is None else {"room server": self.server.pid}
        return Parties(service=self.service.pid, PostgreSQL=self.cluster._process.pid, **server)

    async def _sql(self, statement: str) -> str:
        return await asyncio.to_thread(self.cluster.sql, statement)

    @asynccontextmanager
    async def _readers(self):
        address = urlsplit(self.service.url)
        paths = ["/v1/events"] * READERS_OF_ALL
        paths += [f"/v1/sessions/{self.ids[number % SESSIONS]}/events" for number in range(READERS - READERS_OF_ALL)]
        running = Readers(await _spawn("bench.event_readers"))
        try:
            await running.begin({"host": address.hostname, "port": address.port, "paths": paths,
                                 "authorization": stack.AUTHORIZED["Authorization"]})
            yield running
        finally:
            await running.stop()

    @asynccontextmanager
    async def _scraper(self):
        """Each second, as Prometheus would; gives a list with the length of each answer."""
        lengths: list[int] = []

        async def scrape() -> None:
            async with self.service.client() as http:
                while True:
                    answer = await http.get("/metrics")
                    if answer.status_code != 200 or "turngate_sessions" not in answer.text:
                        raise Lost(f"/metrics: {answer.status_code}")
                    lengths.append(len(answer.text))
                    await asyncio.sleep(1)

        task = asyncio.ensure_future(scrape())
        try:
            yield lengths
        finally:
            if task.done():
                task.result()
            task.cancel()

    async def _check_readers(self, place: int, streams: list) -> int:
        """How many events there were; each reader has got its own, all, once and in the order of the log."""
        rows = await self._sql("SELECT turngate_id('ses', session_id), turngate_id('evt', id) FROM events "
                               f"WHERE position > {place} ORDER BY position")
        own: dict[str, list[str]] = defaultdict(list)
        for session, event in (line.split("|") for line in rows.split("\n")):
            own[f"/v1/sessions/{session}/events"].append(event)
            own["/v1/events"].append(event)
        for path, count, found in streams:
            if found != digest(own[path]):
                raise Lost(f"a reader of {path} got {count} events where {len(own[path])} were written, or in another order")
        return len(own["/v1/events"])

    async def _check_history(self, base: str, answers: list[str]) -> None:
        """What was answered as written down is written down, and nothing else is."""
        since = {session: int(seq) for seq, session in (line.split("|") for line in base.split("\n"))}
        rows = await self._sql("SELECT turngate_id('ses', session_id), seq, new_state FROM agent_state_transitions")
        kept = {(session, int(seq), state) for session, seq, state in (line.split("|") for line in rows.split("\n"))
                if int(seq) > since[session]}
        told = set()
        for one in map(json.loads, answers):
            if not (one["changed"] and one["durable"]):
                raise Lost(f"a change was not made, or not durable: {one}")
            told.add((one["session_id"], one["seq"], one["new_state"]))
        if len(told) != len(answers) or told != kept:
            raise Lost(f"{len(answers)} changes were answered, {len(kept)} are in the history, {len(told - kept)} are missing")


class Readers:
    """The process of the readers."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def begin(self, order: dict) -> None:
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), WAIT_SECONDS)
        if line != b"open\n":
            raise RuntimeError(f"the event streams did not open: {line!r}")

    async def finish(self) -> dict:
        """What they got, once no more comes."""
        output, _ = await asyncio.wait_for(self._process.communicate(b""), WAIT_SECONDS)
        if self._process.returncode != 0:
            raise Lost("the event readers failed")
        return json.loads(output)

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def _spawn(module: str) -> asyncio.subprocess.Process:
    environment = stack.clean() | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=1 << 26)


async def _carried_out(order: Order) -> Harvest:
    process = await _spawn("bench.open_loop")
    try:
        output, _ = await asyncio.wait_for(
            process.communicate(json.dumps(asdict(order)).encode()), order.seconds + WAIT_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise RuntimeError("the requests failed")
    return Harvest(**json.loads(output))


async def run(rounds: int) -> list[Row]:
    """Row 14."""
    async with stack.database() as cluster, stack.room_server() as server:
        async with stack.turngate(cluster, server, TURNGATE_MIGRATE="auto") as service:
            house = House(cluster, server, service)
            await house.fill()
            figures = await interleaved(rounds, busy=house.busy, idle=house.idle)
    note = (f"{house.notes.get('rest', '')}From when each request was due; {house.notes['counts']}. Of all processors' time in the last round, with "
            f"everything going on: {house.notes['busy']}; at rest: {house.notes['idle']}")
    what = f"GET of a session, {RATE:,} a second, p99, everything at once"
    return [row("14", what, "ms", figures["busy"], figures["idle"], "the same at rest", GOAL, note)]
