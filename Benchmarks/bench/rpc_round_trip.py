"""Line 7: how long a client waits for the answer of an agent's `echo`."""

from __future__ import annotations

import time

from bench.agents import PEER, Stage, new_room, stage
from bench.results import Row, at_most, median, row
from bench.rounds import interleaved
from bench.shares import Shares, myself
from bench.visitor import Visitor

WARM_UP, CALLS = 50, 300
PAYLOAD = '{"order": 4711, "detail": "where is it?"}'


async def run(rounds: int) -> list[Row]:
    async with stage() as set_up, set_up.serving() as turngate:
        ours, our_agent = await _client(set_up, turngate.open)
        theirs, their_agent = await _client(set_up, set_up.theirs.open)
        our_shares = Shares(set_up.server, Turngate=[turngate.service.pid], the_client=myself())
        their_shares = Shares(set_up.server, the_agent=set_up.theirs.worker.family, the_client=myself())
        found = await interleaved(
            rounds,
            ours=lambda: our_shares.of(_round(ours, our_agent), WARM_UP + CALLS),
            peer=lambda: their_shares.of(_round(theirs, their_agent), WARM_UP + CALLS))
        await ours.leave()
        await theirs.leave()
    return [row("7", "RPC round trip, client to agent, echo", "ms", found["ours"], found["peer"], PEER, at_most(0.8),
                f"CPU time of one call to ours: {our_shares.text()}; to theirs: {their_shares.text()}")]


async def _client(set_up: Stage, call_agent) -> tuple[Visitor, str]:
    room = new_room()
    visitor = await set_up.enter(room)
    await call_agent(room)
    agent, _ = await visitor.agent()
    return visitor, agent


async def _round(visitor: Visitor, agent: str) -> float:
    """The median in ms, one call after the other."""
    for _ in range(WARM_UP):
        await visitor.call(agent, "echo", PAYLOAD)
    times = []
    for number in range(CALLS):
        payload = f'{PAYLOAD[:-1]}, "number": {number}}}'
        begun = time.perf_counter()
        answer = await visitor.call(agent, "echo", payload)
        times.append((time.perf_counter() - begun) * 1000)
        if answer != payload:
            raise RuntimeError(f"{agent} answered {answer!r}")
    return median(times)
