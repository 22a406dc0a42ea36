"""How the demo tells its story: numbered steps, tables, a small timeline."""

from __future__ import annotations

import sys
import time
from datetime import datetime

_COLOURED = sys.stdout.isatty()
_BARS = {"initializing": "░", "idle": "·", "listening": "▁", "thinking": "▄", "speaking": "█"}
_WIDTH = 60


def _paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if _COLOURED else text


class StepFailed(Exception):
    """A step did not happen as it should have."""


class Step:
    """One step while it happens."""

    def __init__(self, title: str) -> None:
        self.title = title

    def say(self, text: str) -> None:
        print(f"     {text}", flush=True)

    def check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise StepFailed(otherwise)


class Story:
    """The steps in order, and how it ended."""

    def __init__(self) -> None:
        self._count = 0
        self._started = time.monotonic()

    def step(self, title: str) -> "_StepContext":
        self._count += 1
        return _StepContext(self._count, Step(title))

    def fail(self, error: Exception) -> None:
        kind = "" if isinstance(error, StepFailed) else f"{type(error).__name__}: "
        print(f"\n{_paint('✗', '31;1')} Step {self._count} did not happen: {kind}{error}", flush=True)

    def succeed(self) -> None:
        seconds = time.monotonic() - self._started
        print(f"\n{_paint('✓', '32;1')} All {self._count} steps happened, in {seconds:.1f} s.", flush=True)


class _StepContext:
    def __init__(self, number: int, step: Step) -> None:
        self._number = number
        self._step = step

    def __enter__(self) -> Step:
        print(f"\n{self._number:>3}. {_paint(self._step.title, '1')}", flush=True)
        return self._step

    def __exit__(self, kind, error, trace) -> None:
        if error is None:
            self._step.say(_paint("✓", "32"))


def table(step: Step, head: list[str], rows: list[list[str]]) -> None:
    """Prints columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        step.say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def timeline(step: Step, rows: list[dict]) -> None:
    """One character per slice of time, the height standing for the state."""
    starts = [datetime.fromisoformat(row["at"]).timestamp() for row in rows]
    end = max(starts[-1] + 0.2, starts[0] + 0.001)
    slices = [starts[0] + (end - starts[0]) * (index + 0.5) / _WIDTH for index in range(_WIDTH)]
    current = [max(index for index, start in enumerate(starts) if start <= moment) for moment in slices]
    step.say("")
    step.say("".join(_BARS[rows[index]["new_state"]] for index in current) + f"  {end - starts[0]:.1f} s")
    step.say("   ".join(f"{bar} {state}" for state, bar in _BARS.items()))
