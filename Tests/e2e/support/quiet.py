"""Whether the machine was quiet enough for a figure to mean something."""

from __future__ import annotations

import os
import threading
import time

TICK_SECONDS = 0.02
# What a 20 ms ticker is late by at most in 99 of 100 ticks, and ever, on a quiet machine.
LATE_MS, WORST_MS = 8.0, 40.0


class Quiet:
    """Ticks beside the test, from `start` to `stop`, and keeps how late it was woken."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="quiet", daemon=True)

    def start(self) -> "Quiet":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def restart(self) -> None:
        """What was before does not count."""
        self._late_ms = []

    def _tick(self) -> None:
        while not self._stop.is_set():
            due = time.monotonic() + TICK_SECONDS
            time.sleep(TICK_SECONDS)
            self._late_ms.append((time.monotonic() - due) * 1000)

    def late_ms(self, share: float) -> float:
        found = sorted(self._late_ms) or [0.0]
        return found[min(len(found) - 1, int(share * len(found)))]

    @property
    def is_quiet(self) -> bool:
        return self.late_ms(0.99) <= LATE_MS and self.late_ms(1) <= WORST_MS

    def words(self) -> str:
        state = "quiet" if self.is_quiet else "NOT quiet"
        return (f"machine {state}: 20 ms ticks late by {self.late_ms(0.5):.1f} (median), {self.late_ms(0.99):.1f} (p99), "
                f"{self.late_ms(1):.0f} (worst) ms, load {os.getloadavg()[0]:.1f}")
