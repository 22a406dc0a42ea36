"""Lines 10 and 11: what a session costs in which nothing happens, in memory and in CPU."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from bench import processes
from bench.agents import PEER, Ours, Stage, Theirs, new_room, stage
from bench.progress import say
from bench.results import Row, at_most, bounded, row

FEW, MANY = 10, 200
# Each of theirs is a process that has to start: as many as do in about the time of our 200.
THEIR_FEW, THEIR_MANY = 2, 12
AT_ONCE = 8
REST_SECONDS, WINDOW_SECONDS = 2, 6
MEMORY_LIMIT_MIB, CPU_LIMIT_PERCENT = 2, 0.2


@dataclass
class Cost:
    """Of one idle session: proportional MiB, and percent of a core."""

    memory: float
    cpu: float


_costs: dict[int, tuple[list[Cost], list[Cost]]] = {}


async def memory(rounds: int) -> list[Row]:
    ours, theirs = await _measured(rounds)
    mine, peers = [one.memory for one in ours], [one.memory for one in theirs]
    note = (f"the slope of the proportional set size of all processes, ours from {FEW} to {MANY} sessions, "
            f"theirs from {THEIR_FEW} to {THEIR_MANY} jobs")
    return [
        bounded("10a", "memory of an idle session", "MiB", mine, MEMORY_LIMIT_MIB),
        row("10b", "memory of an idle session", "MiB", mine, peers, PEER, at_most(0.1), note)]


async def cpu(rounds: int) -> list[Row]:
    ours, theirs = await _measured(rounds)
    mine, peers = [one.cpu for one in ours], [one.cpu for one in theirs]
    note = (f"CPU time of all processes in {WINDOW_SECONDS} s with {MANY} of our sessions, {THEIR_MANY} of their jobs, "
            "less that with none")
    return [
        bounded("11a", "CPU of an idle session", "% of a core", mine, CPU_LIMIT_PERCENT),
        row("11b", "CPU of an idle session", "% of a core", mine, peers, PEER, at_most(0.1), note)]


async def _measured(rounds: int) -> tuple[list[Cost], list[Cost]]:
    """Both lines look at the same sessions: what one has measured serves the other."""
    if rounds not in _costs:
        _costs[rounds] = await _measure(rounds)
    return _costs[rounds]


async def _measure(rounds: int) -> tuple[list[Cost], list[Cost]]:
    ours: list[Cost] = []
    theirs: list[Cost] = []
    async with stage() as set_up:
        for number in range(rounds):
            for mine in (True, False) if number % 2 == 0 else (False, True):
                if mine:
                    ours.append(await _ours(set_up))
                else:
                    theirs.append(await _theirs(set_up.theirs))
            say(f"  round {number + 1} of {rounds}: ours {_words(ours[-1])}, peer {_words(theirs[-1])}")
    return ours, theirs


async def _ours(set_up: Stage) -> Cost:
    """In a process of its own in each round: memory that was given back once may stay with the allocator."""
    async with set_up.serving() as turngate:
        family = processes.family(turngate.service.pid)
        await asyncio.sleep(REST_SECONDS)
        cpu_of_none = await _window(family)
        await _open(turngate, FEW)
        few = await _memory(family)
        await _open(turngate, MANY - FEW)
        many = await _memory(family)
        cpu_of_many = await _window(family)
        listed = await turngate.http.get("/v1/sessions", params={"status": "active", "limit": 1000})
        if len(listed.json()["data"]) != MANY:
            raise RuntimeError(f"{len(listed.json()['data'])} of {MANY} sessions are active")
    return Cost((many - few) / (MANY - FEW), (cpu_of_many - cpu_of_none) / MANY)


async def _open(turngate: Ours, count: int) -> None:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with slots:
            # Nobody else ever comes: the session is not to end for it.
            await turngate.open(new_room(), empty_timeout_s=0)

    await asyncio.gather(*(one() for _ in range(count)))


async def _theirs(theirs: Theirs) -> Cost:
    rooms = [new_room() for _ in range(THEIR_MANY)]
    worker = theirs.worker
    await worker.settle(0)
    cpu_of_none = await _window(worker.family)
    for number, room in enumerate(rooms, 1):
        await theirs.open(room)
        await worker.settle(number)
        if number == THEIR_FEW:
            few = await _memory(worker.family)
    many = await _memory(worker.family)
    cpu_of_many = await _window(worker.family)
    for room in rooms:
        await theirs.end(room)
    return Cost((many - few) / (THEIR_MANY - THEIR_FEW), (cpu_of_many - cpu_of_none) / THEIR_MANY)


async def _memory(pids: list[int]) -> float:
    await asyncio.sleep(REST_SECONDS)
    return processes.proportional_mib(pids)


async def _window(pids: list[int]) -> float:
    """Percent of a core that the processes take."""
    used, begun = processes.cpu_seconds(pids), time.monotonic()
    await asyncio.sleep(WINDOW_SECONDS)
    return 100 * (processes.cpu_seconds(pids) - used) / (time.monotonic() - begun)


def _words(cost: Cost) -> str:
    return f"{cost.memory:.3g} MiB and {cost.cpu:.3g} %"
