"""Rounds: each thing once, in turn, so that what the machine does meanwhile hits all of them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from bench.progress import say

Measurement = Callable[[], float | Awaitable[float]]


async def interleaved(rounds: int, **measurements: Measurement) -> dict[str, list[float]]:
    """What each measurement said in each round, by its name. The order changes from round to round."""
    found: dict[str, list[float]] = {name: [] for name in measurements}
    names = list(measurements)
    for number in range(rounds):
        turned = names[number % len(names):] + names[:number % len(names)]
        for name in turned:
            value = measurements[name]()
            found[name].append(await value if inspect.isawaitable(value) else value)
        say(f"  round {number + 1} of {rounds}: " + ", ".join(f"{name} {found[name][-1]:,.4g}" for name in names))
    return found
