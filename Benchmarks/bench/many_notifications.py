"""Line 8: a notification to 50 participants at once, until their receipts are complete."""

from __future__ import annotations

import asyncio
import os
import time

from bench.agents import Ours, new_room, stage
from bench.crowd import crowd
from bench.results import Row, at_most, median, row
from bench.rounds import interleaved
from bench.shares import Shares

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
            shares = Shares(set_up.server, Turngate=[turngate.service.pid], the_clients=clients.pids)
            found = await interleaved(
                rounds,
                all=lambda: shares.of(_round(turngate, session, names), WARM_UP + TIMES),
                one=lambda: _round(turngate, session, names[:1]))
    return [row("8", f"notification of {PARTICIPANTS} at once, receipts complete", "ms", found["all"], found["one"],
                "one participant", at_most(3), _note(shares))]


def _note(shares: Shares) -> str:
    cores = os.cpu_count() or 1
    return (f"CPU time of one notification of {PARTICIPANTS}: {shares.text()}; on {cores} cores that is "
            f"{shares.total_ms() / cores:.0f} ms at the least, whatever is done at the same time")


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

