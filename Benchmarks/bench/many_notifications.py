"""Line 8: a notification to 50 participants at once, until their receipts are complete."""

from __future__ import annotations

import asyncio
import time

from bench import processes
from bench.agents import Ours, Stage, new_room, stage
from bench.crowd import Crowd, crowd
from bench.results import Row, at_most, median, row
from bench.rounds import interleaved

# Ten, because the SDK hands every event to every room of its process: with fewer, that is what one would measure.
PARTICIPANTS, PROCESSES = 50, 10
WARM_UP, TIMES = 3, 15
SEEN_SECONDS = 20


async def run(rounds: int) -> list[Row]:
    names = [f"client-{number}" for number in range(PARTICIPANTS)]
    # One room server and Turngate; the worker of the stage has nothing to do here.
    async with stage() as set_up, set_up.serving() as turngate:
        room = new_room()
        session = await turngate.open(room)
        async with crowd(set_up.server, [(room, name) for name in names], PROCESSES) as clients:
            await _all_seen(turngate, session)
            shares = _Shares(set_up, turngate, clients)
            found = await interleaved(
                rounds,
                all=lambda: shares.of(_round(turngate, session, names)),
                one=lambda: _round(turngate, session, names[:1]))
    return [row("8", f"notification of {PARTICIPANTS} at once, receipts complete", "ms", found["all"], found["one"],
                "one participant", at_most(3), shares.text())]


async def _all_seen(turngate: Ours, session: dict) -> None:
    """Until then some would be told to be absent."""
    async with asyncio.timeout(SEEN_SECONDS):
        while True:
            there = (await turngate.get(session))["participants"]
            if sum(one["state"] == "active" for one in there) >= PARTICIPANTS:
                return
            await asyncio.sleep(0.1)


async def _round(turngate: Ours, session: dict, recipients: list[str]) -> float:
    """The median in ms, after a few that do not count."""
    times = [await _notify(turngate, session, recipients) for _ in range(WARM_UP + TIMES)]
    return median(times[WARM_UP:])


async def _notify(turngate: Ours, session: dict, recipients: list[str]) -> float:
    begun = time.perf_counter()
    answer = await turngate.http.post(
        f"/v1/sessions/{session['id']}/turn-notifications", params={"wait_ms": 10_000},
        json={"destinations": recipients})
    took = (time.perf_counter() - begun) * 1000
    receipt = answer.json()
    outcomes = [one["outcome"] for one in receipt.get("recipients", [])]
    if answer.status_code != 201 or outcomes != ["acknowledged"] * len(recipients):
        raise RuntimeError(f"not all were reached: {answer.status_code} {answer.text}")
    return took


class _Shares:
    """Whose CPU time it is that the notifications take."""

    def __init__(self, set_up: Stage, turngate: Ours, clients: Crowd) -> None:
        self._parties = {"Turngate": [turngate.service.pid], f"the {PROCESSES} client processes": clients.pids}
        if set_up.server.pid is not None:
            self._parties["the room server"] = [set_up.server.pid]
        self._taken = dict.fromkeys(self._parties, 0.0)
        self._notifications = 0

    async def of(self, work) -> float:
        before = {name: processes.cpu_seconds(pids) for name, pids in self._parties.items()}
        value = await work
        for name, pids in self._parties.items():
            self._taken[name] += processes.cpu_seconds(pids) - before[name]
        self._notifications += WARM_UP + TIMES
        return value

    def text(self) -> str:
        parts = [f"{name} {1000 * seconds / self._notifications:.1f} ms" for name, seconds in self._taken.items()]
        return f"CPU time of one notification of {PARTICIPANTS}: " + ", ".join(parts)
