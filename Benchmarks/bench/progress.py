"""What the person who waits is told."""

from __future__ import annotations

import sys
import time

_begun = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - _begun:6.0f} s] {text}", file=sys.stderr, flush=True)
