"""A livekit-agents worker as a process, with all that it starts."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from bench import processes
from bench.stack import Process, RoomServer, clean, free_port, peers_python

SCRIPT = Path(__file__).resolve().parents[1] / "peers" / "livekit_agent.py"
#: At rest its processes take about one percent of a core each; one that starts takes all of it.
QUIET_SECONDS, QUIET_SHARE = 0.2, 0.025


class Worker(Process):
    """Started as in production: as many idle processes stand ready as there are cores, its own default."""

    def __init__(self, server: RoomServer) -> None:
        port = free_port()
        variables = clean() | {
            "LIVEKIT_URL": server.url, "LIVEKIT_API_KEY": server.key, "LIVEKIT_API_SECRET": server.secret,
            "AGENT_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [peers_python(), "-m", "livekit.agents", "start", str(SCRIPT), "--log-level", "WARN"]
        super().__init__("livekit-agents", command, variables, f"http://127.0.0.1:{port}/worker")

    @property
    def family(self) -> list[int]:
        return processes.family(self.pid)

    async def settle(self, jobs: int, quiet: bool = True, seconds: float = 60) -> None:
        """Waits until each job has its process and the idle ones stand again; until they have come to rest if `quiet`."""
        wanted = jobs + (os.cpu_count() or 1)
        async with asyncio.timeout(seconds):
            while len(self._for_jobs()) != wanted or (quiet and not await self._is_quiet()):
                await asyncio.sleep(0.05)

    async def _is_quiet(self) -> bool:
        family = self.family
        before = processes.cpu_seconds(family)
        await asyncio.sleep(QUIET_SECONDS)
        if self.family != family:
            return False
        return processes.cpu_seconds(family) - before <= QUIET_SHARE * QUIET_SECONDS * len(family)

    def _for_jobs(self) -> list[int]:
        """The processes that have a job or wait for one: what the fork server started."""
        return [pid for pid in self.family[1:] if processes.parent(pid) != self.pid]

    async def stop(self, number: int = signal.SIGTERM) -> None:
        family = self.family if self._process and self._process.returncode is None else []
        await super().stop(number)
        for pid in family[1:]:
            # What the worker left behind; it hands its processes to init when it is killed.
            if processes.parent(pid) is not None:
                os.kill(pid, signal.SIGKILL)
