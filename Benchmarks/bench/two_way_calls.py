"""Line 12: what a call costs in which both sides talk all the time, in CPU of the agent's processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from bench import processes
from bench.agents import PEER, Ours, Stage, new_room, stage
from bench.backend import Backend, backend
from bench.crowd import crowd
from bench.results import Row, at_most, row
from bench.rounds import interleaved
from bench.visitor import Visitor

CALLS = 5
REST_SECONDS, WINDOW_SECONDS = 3, 6
#: How much of the time each side must have heard the other, or it was no call.
LEAST_SHARE = 0.8
_STATES = ["idle", "listening", "thinking", "speaking"]
OPEN = {"mode": "open", "open_audio_on": _STATES, "close_audio_on": [], "notify_on": []}

Heard = Callable[[], Awaitable[list[float]]]


async def run(rounds: int) -> list[Row]:
    async with stage() as set_up, set_up.serving() as turngate:
        await set_up.theirs.worker.settle(0)
        ours, peer = await asyncio.gather(
            _window([turngate.service.pid], []), _window(set_up.theirs.worker.family, []))
        found = await interleaved(
            rounds, ours=lambda: _less(_ours(set_up, turngate), ours), peer=lambda: _less(_theirs(set_up), peer))
    note = (f"{CALLS} calls at once each; CPU time of the agents' processes in {WINDOW_SECONDS} s, "
            "less that of the same processes without a call")
    return [row("12", "CPU of a session with a two-way call", "% of a core", found["ours"], found["peer"], PEER,
                at_most(1), note)]


async def _less(measured: Awaitable[float], idle: float) -> float:
    """Percent of a core for one call."""
    return (await measured - idle) / CALLS


async def _ours(set_up: Stage, turngate: Ours) -> float:
    async with AsyncExitStack() as things:
        rooms = [new_room() for _ in range(CALLS)]
        backends: list[Backend] = []
        for room in rooms:
            session = await turngate.open(room, turn_policy=OPEN)
            things.push_async_callback(turngate.end, session)
            backends.append(await things.enter_async_context(backend(turngate, session)))

        async def agents_heard() -> list[float]:
            return [one.heard_ms for one in backends]

        clients = await things.enter_async_context(crowd(set_up.server, _callers(rooms), 1, talk=True))
        return await _call([turngate.service.pid], [clients.heard_ms, agents_heard])


async def _theirs(set_up: Stage) -> float:
    theirs = set_up.theirs
    async with AsyncExitStack() as things:
        rooms = [new_room() for _ in range(CALLS)]
        for number, room in enumerate(rooms, 1):
            await theirs.worker.settle(number - 1, quiet=False)
            await theirs.open(room, metadata="call")
            things.push_async_callback(theirs.end, room)
        await theirs.worker.settle(CALLS, quiet=False)
        clients = await things.enter_async_context(crowd(set_up.server, _callers(rooms), 1, talk=True))
        visitors = [await set_up.enter(room, "visitor", auto_subscribe=False) for room in rooms]

        async def agents_heard() -> list[float]:
            return [await _heard(visitor) for visitor in visitors]

        taken = await _call(theirs.worker.family, [clients.heard_ms, agents_heard])
        for visitor in visitors:
            await visitor.leave()
        return taken


async def _heard(visitor: Visitor) -> float:
    agent, _ = await visitor.agent()
    return float(await visitor.call(agent, "heard", ""))


def _callers(rooms: list[str]) -> list[tuple[str, str]]:
    return [(room, "caller") for room in rooms]


async def _call(pids: list[int], sides: list[Heard]) -> float:
    """Once the calls run: percent of a core that the processes take, while all hear each other."""
    await asyncio.sleep(REST_SECONDS)
    return await _window(pids, sides)


async def _window(pids: list[int], sides: list[Heard]) -> float:
    before = [await side() for side in sides]
    used, begun = processes.cpu_seconds(pids), time.monotonic()
    await asyncio.sleep(WINDOW_SECONDS)
    share = (processes.cpu_seconds(pids) - used) / (time.monotonic() - begun)
    for earlier, side in zip(before, sides):
        heard = [later - first for first, later in zip(earlier, await side(), strict=True)]
        if min(heard) < LEAST_SHARE * WINDOW_SECONDS * 1000:
            raise RuntimeError(f"this was no call: in {WINDOW_SECONDS} s were heard, in ms, {heard}")
    return 100 * share
