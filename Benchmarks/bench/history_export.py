"""Line 6: a million rows as NDJSON, in one answer, against `COPY … TO STDOUT` of the same lines.

Both go to /dev/null, ours over HTTP through curl, PostgreSQL's own through psql and its unix socket. Before the first
round both are read once and compared byte for byte.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import stack
from bench.history_filling import History, filled
from bench.results import Row, at_least, bounded, row
from bench.rounds import interleaved

ROWS = 1_000_000
GOAL = at_least(0.8)
LIMIT_MIB = 32
LONGEST_SECONDS = 300

# As one would write it by hand: the row after each from a window, and no pages.
COPY = """
COPY (
    SELECT row_to_json(shown) FROM (
        SELECT turngate_id('ses', page.session_id) AS session_id, page.room, page.seq, page.old_state, page.new_state,
            turngate_time(page.at) AS at, turngate_ms(page.at, coalesce(page.following, page.ended_at)) AS dwell_ms,
            page.cause, page.actor, turngate_id('turn', page.turn_id) AS turn_id, page.reason
        FROM (
            SELECT t.*, s.room, s.ended_at, lead(t.at) OVER (PARTITION BY t.session_id ORDER BY t.seq) AS following
            FROM agent_state_transitions AS t JOIN sessions AS s ON s.id = t.session_id
            ORDER BY t.at, t.session_id, t.seq
        ) AS page
    ) AS shown
) TO STDOUT
"""


@dataclass
class Export:
    """One history, and the two that write it down. `size` is what both must write, in bytes."""

    history: History
    service: stack.Turngate
    size: int = 0
    # Resident before the first export, in MiB.
    resident: float = 0
    grown: list[float] = field(default_factory=list)

    async def compare(self) -> None:
        """Both write the same lines."""
        ours, theirs = await _digest(self._curl("-")), await _digest(self._psql())
        if ours != theirs:
            raise RuntimeError(f"the export and COPY differ: {ours} and {theirs}")
        self.size, lines, _ = ours
        if lines != self.history.rows:
            raise RuntimeError(f"{lines} lines instead of {self.history.rows}")

    def rest(self) -> None:
        """What is resident now counts as what is there anyway."""
        self.resident = _status(self.service.pid, "VmRSS")

    async def ours(self) -> float:
        """MB/s; and how far the service's resident memory rose meanwhile above what it was at rest."""
        # Resets VmHWM, see proc(5): what it says afterwards is this export's own.
        Path(f"/proc/{self.service.pid}/clear_refs").write_text("5", encoding="ascii")
        begun = time.monotonic()
        written = await _output(*self._curl("/dev/null"))
        seconds = time.monotonic() - begun
        if written != f"200 {self.size}":
            raise RuntimeError(f"the export was answered with {written}, not with 200 and {self.size} bytes")
        self.grown.append(_status(self.service.pid, "VmHWM") - self.resident)
        return self.size / seconds / 1e6

    async def theirs(self) -> float:
        """MB/s."""
        begun = time.monotonic()
        await _output(*self._psql(), to_nothing=True)
        return self.size / (time.monotonic() - begun) / 1e6

    def _curl(self, output: str) -> list[str]:
        figures = [] if output == "-" else ["-w", "%{http_code} %{size_download}"]
        return ["curl", "-sS", "--fail", "-m", str(LONGEST_SECONDS), *figures, "-o", output,
                "-H", f"Authorization: {stack.AUTHORIZED['Authorization']}", "-H", "Accept: application/x-ndjson",
                f"{self.service.url}/v1/agent-states"]

    def _psql(self) -> list[str]:
        return ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.history.url, "-c", COPY]


async def _output(*command: str, to_nothing: bool = False) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL if to_nothing else asyncio.subprocess.PIPE)
    output, _ = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return (output or b"").decode()


async def _digest(command: list[str]) -> tuple[int, int, str]:
    """Of what `command` writes: bytes, lines, SHA-256."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, limit=1 << 20)
    size, lines, digest = 0, 0, hashlib.sha256()
    while piece := await process.stdout.read(1 << 20):
        size += len(piece)
        lines += piece.count(b"\n")
        digest.update(piece)
    if await process.wait() != 0:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return size, lines, digest.hexdigest()


def _status(pid: int, name: str) -> float:
    """A line of /proc/PID/status, in MiB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024


async def run(rounds: int) -> list[Row]:
    """Rows 6a and 6b."""
    async with stack.database() as cluster, stack.room_server() as server:
        history = await filled(cluster, ROWS)
        async with stack.turngate(cluster, server, DATABASE_URL=history.url) as service:
            export = Export(history, service)
            async with service.client() as http:
                for _ in range(20):
                    (await http.get("/v1/agent-states")).raise_for_status()
            export.rest()
            await export.compare()
            figures = await interleaved(rounds, ours=export.ours, copy=export.theirs)
    note = f"{export.size / 1e6:.0f} MB; the peer is `COPY (SELECT row_to_json …) TO STDOUT` through psql, same bytes"
    highest = f"the highest of a whole export (VmHWM) above {export.resident:.0f} MiB at rest, before the first one"
    return [
        row("6a", "export of 1 million rows, NDJSON", "MB/s", figures["ours"], figures["copy"], "COPY TO STDOUT", GOAL, note),
        bounded("6b", "resident memory during that export", "MiB", export.grown, LIMIT_MIB, highest),
    ]
