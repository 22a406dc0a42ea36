"""Whose CPU time something takes: what a line's note says when the rest of the world is the larger part."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import TypeVar

from bench import processes
from bench.stack import RoomServer

Value = TypeVar("Value")
ROOM_SERVER = "the room server"


class Shares:
    """The CPU time of some parties while something is done, summed up over the rounds."""

    def __init__(self, server: RoomServer, **parties: list[int]) -> None:
        """`parties` are lists of processes by name; the room server is one where it runs here."""
        self._parties = {name.replace("_", " "): pids for name, pids in parties.items()}
        if server.pid is not None:
            self._parties[ROOM_SERVER] = [server.pid]
        self._taken = dict.fromkeys(self._parties, 0.0)
        self._times = 0

    async def of(self, work: Awaitable[Value], times: int) -> Value:
        """Does the work, in which what is looked at happens that many times."""
        before = self._now()
        value = await work
        for name, seconds in self._now().items():
            self._taken[name] += seconds - before[name]
        self._times += times
        return value

    def text(self) -> str:
        """Milliseconds for one time."""
        return ", ".join(f"{name} {1000 * seconds / self._times:.2f} ms" for name, seconds in self._taken.items())

    def total_ms(self) -> float:
        return 1000 * sum(self._taken.values()) / self._times

    def _now(self) -> dict[str, float]:
        return {name: processes.cpu_seconds(pids) for name, pids in self._parties.items()}


def myself() -> list[int]:
    """The benchmark's own process, where that is the client."""
    return [os.getpid()]
