"""What the kernel counts of a process and of all that it started."""

from __future__ import annotations

import os
from pathlib import Path

from support.processes import children

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for one in found:
        found += children(one)
    return found


def parent(pid: int) -> int | None:
    """None for a process that is gone."""
    try:
        return int(_stat(pid)[1])
    except OSError:
        return None


def cpu_seconds(pids: list[int]) -> float:
    """User and system time so far. A process that is gone counts nothing: ask only of those that stay."""
    return sum(_ticks(pid) for pid in pids) / TICKS


def proportional_mib(pids: list[int]) -> float:
    """Proportional set size: memory that several share is divided among them."""
    return sum(_proportional_kib(pid) for pid in pids) / 1024


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12])


def _stat(pid: int) -> list[str]:
    """The fields after the name, from the state on."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _proportional_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"the kernel says nothing about the memory of {pid}")
