"""How long the tests run that show more the longer they run."""

from __future__ import annotations

import os

# `make soak`; `make test` shows the same in less time.
FULL = os.environ.get("TURNGATE_E2E_FULL") == "1"


def enough(in_full: int, otherwise: int) -> int:
    return in_full if FULL else otherwise
