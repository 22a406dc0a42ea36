"""The hot paths under callgrind, and what it wrote down: a file for each window, with every function and its calls."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The two functions of Sources/HotPaths/Counting/Window.swift, as Swift mangles their names; callgrind
# writes a file when one is entered.
MARKS = "*8HotPaths6WindowO5opens*", "*8HotPaths6WindowO6closes*"
ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"}
RUN_SECONDS = 600
# What else would differ from run to run, or from machine to machine.
ENVIRONMENT = {
    "SWIFT_DETERMINISTIC_HASHING": "1",
    # A string instruction is one for the processor, and one for each byte for valgrind: libmicrohttpd
    # clears 64 KiB for each request.
    "GLIBC_TUNABLES": "glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff",
}

_CLOSED = re.compile(r"closes (\d+) (.+)")
_NAME = re.compile(r"c?fn=\((\d+)\)(?: (.+))?")


@dataclass(frozen=True)
class Cost:
    """Of one operation, on average."""

    instructions: float
    allocations: float


@dataclass(frozen=True)
class Counted:
    """A path as it is, and with a fifth more done."""

    cost: Cost
    dearer: Cost


def count(binary: str, database_url: str, folder: Path) -> dict[str, Counted]:
    """Every path of `binary`; callgrind's files stay in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder / 'out'}",
               *(f"--dump-before={mark}" for mark in MARKS), binary]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    run = subprocess.run(
        command, env=kept | ENVIRONMENT | {"DATABASE_URL": database_url}, preexec_fn=_stay_on_one_processor,
        stdout=subprocess.PIPE, text=True, timeout=RUN_SECONDS, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"the hot paths ended with {run.returncode}; their own words are above")
    found: dict[str, list[Cost]] = {}
    # A line for each mark, and a file: that of an opening one holds what came before it.
    for number, line in enumerate(run.stdout.splitlines(), start=1):
        if (closed := _CLOSED.fullmatch(line)) is not None:
            found.setdefault(closed[2], []).append(_cost(folder / f"out.{number}", int(closed[1])))
    return {path: Counted(*costs) for path, costs in found.items()}


def _stay_on_one_processor() -> None:
    """Valgrind runs one thread at a time; with one processor Swift's pool has one thread, on every machine."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _cost(file: Path, operations: int) -> Cost:
    """Reads the "Callgrind Format" of valgrind's manual: a name is written out where it comes first."""
    names: dict[str, str] = {}
    instructions = allocations = 0
    called = ""
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if (name := _NAME.match(line)) is not None:
                full = names.setdefault(name[1], name[2] or "")
                called = full if line.startswith("c") else called
            elif line.startswith("calls=") and called in ALLOCATORS:
                allocations += int(line[len("calls="):].split()[0])
            elif line.startswith("summary:"):
                instructions = int(line.split()[1])
    if instructions == 0 or allocations == 0:
        raise RuntimeError(f"there are no instructions or no allocations in {file}")
    return Cost(instructions / operations, allocations / operations)
