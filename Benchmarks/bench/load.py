"""wrk, as a load and as a stopwatch."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

THREADS = 2
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Load:
    """What a run of wrk saw. Latencies in ms."""

    per_second: float
    p50: float
    p99: float


class LoadFailed(Exception):
    """Answers were wrong, or there were none: no figure comes of that."""


async def wrk(url: str, *, seconds: float = 3, connections: int = 64, headers: dict[str, str] | None = None,
              script: str | None = None, expect: str = "2") -> Load:
    """All answers' status must begin with `expect`; `script` is Lua in place of a plain GET."""
    lua = (script or "") + _CHECK.replace("EXPECT", expect)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(lua)
        file.flush()
        arguments = [f"-t{THREADS}", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", file.name]
        for name, value in (headers or {}).items():
            arguments += ["-H", f"{name}: {value}"]
        process = await asyncio.create_subprocess_exec(
            "wrk", *arguments, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), seconds + 30)
    return _read(output.decode())


# Each thread counts what it did not want; wrk itself counts only what is no 2xx or 3xx.
_CHECK = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
local first = init
function init(args) unwanted = 0; if first then first(args) end end
function response(status, headers, body)
  if string.sub(tostring(status), 1, #"EXPECT") ~= "EXPECT" then unwanted = unwanted + 1 end
end
function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("unwanted") end
  print("Unwanted: " .. sum)
end
"""


def _read(output: str) -> Load:
    unwanted = re.search(r"Unwanted: (\d+)", output)
    wrong = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if unwanted is None or rate is None or int(unwanted.group(1)) or (wrong and any(int(one) for one in wrong.groups())):
        raise LoadFailed(output)
    return Load(float(rate.group(1)), _latency(output, "50"), _latency(output, "99"))


def _latency(output: str, percent: str) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)", output, re.MULTILINE)
    if found is None:
        raise LoadFailed(output)
    return float(found.group(1)) * _UNITS[found.group(2)]
