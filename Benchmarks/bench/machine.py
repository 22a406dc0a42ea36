"""On what it was measured."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> str:
    """One line: processor, cores, memory, system."""
    processor = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
    system = re.search(r'PRETTY_NAME="(.+)"', Path("/etc/os-release").read_text(encoding="utf-8"))
    return ", ".join([
        processor.group(1) if processor else platform.machine(), f"{os.cpu_count()} cores",
        f"{int(memory.group(1)) / 2**20:.0f} GiB", system.group(1) if system else platform.system(),
        f"Linux {platform.release()}"])
