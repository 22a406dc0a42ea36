"""Line 5: what a long history costs its readers. Ten million rows against ten thousand.

Two databases of one server, a service before each, and the same questions to both in turn: a session or a moment
picked anew for each request, so that nothing is warm but what a server keeps warm by itself. One request at a time on
each of two connections: it is the answer that is measured, and not the queue before it.
"""

from __future__ import annotations

import math
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from bench import stack
from bench.history_filling import BEGIN, History, filled
from bench.load import Load, wrk
from bench.results import Row, at_most, row
from bench.rounds import interleaved

LARGE, SMALL = 10_000_000, 10_000
GOAL = at_most(1.2)
CONNECTIONS = 2
WARM_SECONDS = 2
SECONDS = 3
PAGE = 100
# Ten sessions with a step every four seconds: twice a page.
RANGE_SECONDS = 80
# In each round of each side: twenty of them are beyond the p99.
REQUESTS = 2000
QUESTIONS = {
    "5a": ("a page of a session's history, p99", "/v1/sessions/ID/agent-states?order=desc"),
    "5b": ("a page of all sessions' history by time, p99", "/v1/agent-states"),
    "5c": ("a session's summary, p99", "/v1/sessions/ID/agent-states/summary"),
}


@dataclass
class Side:
    """A history and the service before it."""

    history: History
    service: stack.Turngate

    async def warm(self, path: str) -> float:
        """How many seconds it takes to ask `path` often enough for a p99."""
        load = await self._load(path, WARM_SECONDS)
        return max(SECONDS, math.ceil(REQUESTS * 1.25 / load.per_second))

    async def p99(self, path: str, seconds: float) -> float:
        """In ms, of `path` with another session or moment in each request."""
        return (await self._load(path, seconds)).p99

    async def _load(self, path: str, seconds: float) -> Load:
        return await wrk(self.service.url, seconds=seconds, connections=CONNECTIONS, headers=stack.AUTHORIZED,
                         script=self._script(path))

    def _script(self, path: str) -> str:
        if "ID" not in path:
            return _MOMENTS % (BEGIN.timestamp(), self.history.seconds - RANGE_SECONDS, path, RANGE_SECONDS)
        ids = ",".join(f'"{one}"' for one in self.history.sessions)
        before, after = path.split("ID")
        return _SESSIONS % (ids, before, after)

    async def check(self) -> None:
        """What is going to be asked is answered in full."""
        async with self.service.client() as http:
            for number in range(20):
                session = random.Random(number).choice(self.history.sessions)
                # The newest: pages of the past come from memory, and few sessions have few of them.
                page = (await http.get(f"/v1/sessions/{session}/agent-states?order=desc")).json()["data"]
                _expect([one["seq"] for one in page] == list(range(1000, 1000 - PAGE, -1)), page)
                _expect({one["session_id"] for one in page} == {session}, page)
                summary = (await http.get(f"/v1/sessions/{session}/agent-states/summary")).json()
                _expect(sum(state["count"] for state in summary["states"]) == 1000 and summary["turns"] == 20, summary)
                begin = random.Random(number).randrange(self.history.seconds - RANGE_SECONDS)
                times = {"since": _moment(begin), "until": _moment(begin + RANGE_SECONDS)}
                page = (await http.get("/v1/agent-states", params=times)).json()["data"]
                _expect(len(page) == PAGE and all(times["since"][:-1] <= one["at"] < times["until"][:-1] for one in page), page)


def _expect(right: bool, answer: object) -> None:
    if not right:
        raise RuntimeError(f"not what was asked for: {str(answer)[:500]}")


def _moment(seconds: int) -> str:
    """RFC 3339, as the Lua below writes it."""
    return (BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


_SEED = """
function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%%x+)"), 16) %% 1000003)
end
"""
_SESSIONS = _SEED + """
local ids = {%s}
function request() return wrk.format("GET", "%s" .. ids[math.random(#ids)] .. "%s") end
"""
_MOMENTS = _SEED + """
local function moment(seconds)
  return os.date("!%%Y-%%m-%%dT%%H:%%M:%%SZ", %d + seconds)
end
function request()
  local begin = math.random(0, %d - 1)
  return wrk.format("GET", "%s?since=" .. moment(begin) .. "&until=" .. moment(begin + %d))
end
"""


async def run(rounds: int) -> list[Row]:
    """Rows 5a, 5b and 5c."""
    async with AsyncExitStack() as held:
        cluster = await held.enter_async_context(stack.database())
        server = await held.enter_async_context(stack.room_server())
        sides = []
        for rows in (LARGE, SMALL):
            history = await filled(cluster, rows)
            service = await held.enter_async_context(stack.turngate(cluster, server, DATABASE_URL=history.url))
            sides.append(Side(history, service))
            await sides[-1].check()
        found = []
        for id, (what, path) in QUESTIONS.items():
            seconds = max([await side.warm(path) for side in sides])
            figures = await interleaved(
                rounds, large=lambda: sides[0].p99(path, seconds), small=lambda: sides[1].p99(path, seconds))
            found.append(row(id, what, "ms", figures["large"], figures["small"], "10 thousand rows", GOAL, _NOTE))
    return found


_NOTE = "ten million rows against ten thousand, ten sessions at a time in both; each request asks for another one"
