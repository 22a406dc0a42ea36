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
    answered: int


class LoadFailed(Exception):
    """Answers were wrong, or there were none: no figure comes of that."""


async def wrk(url: str, *, seconds: float = 3, connections: int = 64, headers: dict[str, str] | None = None,
              script: str | None = None, expect: str | None = None, threads: int = THREADS) -> Load:
    """All answers must be 2xx, or exactly `expect`; `script` is Lua in place of a plain GET.

    `expect` costs wrk a good part of its speed: where all 2xx are alike it is better left out.
    """
    lua = (script or "") + (_CHECK.replace("EXPECT", expect) if expect else "")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(lua)
        file.flush()
        arguments = [f"-t{threads}", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
        if lua:
            arguments += ["-s", file.name]
        for name, value in (headers or {}).items():
            arguments += ["-H", f"{name}: {value}"]
        process = await asyncio.create_subprocess_exec(
            "wrk", *arguments, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), seconds + 30)
    return _read(output.decode(), counted=expect is not None)


# Each thread counts what it did not want; wrk itself counts only what is no 2xx or 3xx.
_CHECK = """
local threads = {}
function setup(thread) thread:set("number", #threads); table.insert(threads, thread) end
local first = init
function init(args) unwanted = 0; if first then first(args) end end
function response(status, headers, body)
  if status ~= EXPECT then unwanted = unwanted + 1 end
end
function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("unwanted") end
  print("Unwanted: " .. sum)
end
"""


def _read(output: str, counted: bool) -> Load:
    unwanted = re.search(r"Unwanted: (\d+)", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    wrong = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    answered = re.search(r"(\d+) requests in", output)
    if counted and (unwanted is None or int(unwanted.group(1))) or refused or rate is None or answered is None:
        raise LoadFailed(output)
    if wrong and any(int(one) for one in wrong.groups()) or int(answered.group(1)) == 0:
        raise LoadFailed(output)
    return Load(float(rate.group(1)), _latency(output, "50"), _latency(output, "99"), int(answered.group(1)))


def _latency(output: str, percent: str) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)", output, re.MULTILINE)
    if found is None:
        raise LoadFailed(output)
    return float(found.group(1)) * _UNITS[found.group(2)]
