"""Line 9: from the order to an agent that a client in the room sees, its methods registered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bench.agents import PEER, Ours, Stage, new_room, stage
from bench.results import Row, at_most, median, row
from bench.rounds import interleaved

AGENTS = 10


async def run(rounds: int) -> list[Row]:
    async with stage() as set_up, set_up.serving() as turngate:
        async def ours() -> float:
            return await _ours(set_up, turngate)

        async def theirs() -> float:
            return await _theirs(set_up)

        await ours()
        await theirs()
        found = await interleaved(rounds, ours=lambda: _round(ours), peer=lambda: _round(theirs))
    return [row("9", "from the order to a visible agent", "ms", found["ours"], found["peer"], PEER, at_most(0.5))]


async def _round(one: Callable[[], Awaitable[float]]) -> float:
    return median([await one() for _ in range(AGENTS)])


async def _ours(set_up: Stage, turngate: Ours) -> float:
    room = new_room()
    visitor = await set_up.enter(room)
    begun = time.perf_counter()
    session = await turngate.open(room)
    took = await _seen(visitor, begun)
    await turngate.end(session)
    await visitor.leave()
    return took


async def _theirs(set_up: Stage) -> float:
    # Idle processes are ready, as they are where jobs come one by one.
    await set_up.theirs.worker.settle(0)
    room = new_room()
    visitor = await set_up.enter(room)
    begun = time.perf_counter()
    await set_up.theirs.open(room)
    took = await _seen(visitor, begun)
    await set_up.theirs.end(room)
    await visitor.leave()
    return took


async def _seen(visitor, begun: float) -> float:
    """In ms. An agent that is seen must answer, or it was seen too early."""
    agent, at = await visitor.agent()
    if await visitor.call(agent, "echo", "ready?") != "ready?":
        raise RuntimeError(f"{agent} was seen before its methods were there")
    return (at - begun) * 1000
