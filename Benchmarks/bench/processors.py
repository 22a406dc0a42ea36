"""Who used the processors."""

from __future__ import annotations

import os
import time
from pathlib import Path

from support.processes import children

TICKS = os.sysconf("SC_CLK_TCK")


class Parties:
    """Some servers by name, watched from the moment this is made. The processes that they started count with them."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._before = {name: _seconds(pid) for name, pid in pids.items()}
        self._begun = time.monotonic()

    def stop(self) -> None:
        """What they use from here on does not count."""
        self._seconds = {name: _seconds(pid) - self._before[name] for name, pid in self._pids.items()}
        self._whole = (time.monotonic() - self._begun) * os.cpu_count()

    def used(self, more: dict[str, float]) -> str:
        """Each party's share of all processors from the start to `stop`; `more` are seconds of others."""
        return ", ".join(f"{name} {used / self._whole:.0%}" for name, used in (self._seconds | more).items())


def _seconds(pid: int) -> float:
    return sum(_own_seconds(one) for one in (pid, *children(pid)))


def _own_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
