"""Line 9: from the order to an agent that a client in the room sees, its methods registered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bench.agents import PEER, Ours, Stage, new_room, stage
from bench.results import Row, at_most, median, row
from bench.rounds import interleaved
from bench.visitor import Visitor

AGENTS = 10


async def run(rounds: int) -> list[Row]:
    joins: list[float] = []
    async with stage() as set_up, set_up.serving() as turngate:
        async def ours() -> float:
            return await _ours(set_up, turngate, joins)

        async def theirs() -> float:
            return await _theirs(set_up, joins)

        await ours()
        await theirs()
        found = await interleaved(rounds, ours=lambda: _round(ours), peer=lambda: _round(theirs))
    return [row("9", "from the order to a visible agent", "ms", found["ours"], found["peer"], PEER, at_most(0.5),
                f"for comparison, the client's own join of an empty room, with the same core: {median(joins):.0f} ms")]


async def _round(one: Callable[[], Awaitable[float]]) -> float:
    return median([await one() for _ in range(AGENTS)])


async def _ours(set_up: Stage, turngate: Ours, joins: list[float]) -> float:
    room = new_room()
    visitor = await _client(set_up, room, joins)
    begun = time.perf_counter()
    session = await turngate.open(room)
    took = await _seen(visitor, begun)
    await turngate.end(session)
    await visitor.leave()
    return took


async def _theirs(set_up: Stage, joins: list[float]) -> float:
    # Idle processes are ready, as they are where jobs come one by one.
    await set_up.theirs.worker.settle(0)
    room = new_room()
    visitor = await _client(set_up, room, joins)
    begun = time.perf_counter()
    await set_up.theirs.open(room)
    took = await _seen(visitor, begun)
    await set_up.theirs.end(room)
    await visitor.leave()
    return took


async def _client(set_up: Stage, room: str, joins: list[float]) -> Visitor:
    """The one that will see the agent; how long its join took goes into `joins`, in ms."""
    begun = time.perf_counter()
    visitor = await set_up.enter(room)
    joins.append((time.perf_counter() - begun) * 1000)
    return visitor


async def _seen(visitor: Visitor, begun: float) -> float:
    """In ms. An agent that is seen must answer, or it was seen too early."""
    agent, at = await visitor.agent()
    if await visitor.call(agent, "echo", "ready?") != "ready?":
        raise RuntimeError(f"{agent} was seen before its methods were there")
    return (at - begun) * 1000
