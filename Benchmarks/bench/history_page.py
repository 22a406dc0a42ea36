"""Line 3: pages of 100 rows of the history; never the same twice, and the same again and again."""

from __future__ import annotations

import itertools
from datetime import datetime, timezone

from bench.http_stage import CONNECTIONS, ROWS, SECONDS, Stage, past, stage
from bench.load import wrk
from bench.pgbench import pgbench
from bench.results import Row, at_least, row
from bench.rounds import interleaved
from bench.stack import AUTHORIZED
from bench.statements import captured

LIMIT = 100
WHAT = "history page of 100 rows, any of 200,000, 64 connections"
AGAIN = "a full page of the past, again and again, 64 connections"
AT = int(datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp() * 1e6)


def page(id: str, after: int) -> str:
    """Within a session the number alone says where a page begins."""
    return f"/v1/sessions/{id}/agent-states?limit={LIMIT}&cursor=h1-{AT}-{id[4:]}-{after}"


def any_of(ids: list[str]) -> str:
    """Lua: each request asks for a page by chance, which begins anywhere in a session."""
    tails = ", ".join(f'"{one[4:]}"' for one in ids)
    return f"""
local tails = {{{tails}}}
function init(args) math.randomseed(tonumber(string.match(tostring({{}}), "0x(%x+)"), 16) % 2^31) end
function request()
  local tail = tails[math.random(#tails)]
  local after = math.random({ROWS - LIMIT}) - 1
  return wrk.format("GET", "/v1/sessions/ses_" .. tail .. "/agent-states?limit={LIMIT}&cursor=h1-{AT}-" .. tail .. "-" .. after)
end
"""


async def check(on: Stage, path: str) -> None:
    """Both show the same 100 rows."""
    ours, theirs = [(await on.http.get(base + path)).raise_for_status().json() for base in (on.ours.url, on.peer.url)]
    if len(ours["data"]) != LIMIT or ours != theirs:
        raise RuntimeError(f"not the same page: {ours} {theirs}")


async def etag_note(on: Stage, path: str) -> str:
    """What becomes of `If-None-Match`."""
    etag = (await on.http.get(path)).headers.get("etag")
    if etag is None:
        return "The answer has no ETag; the page is read from PostgreSQL each time."
    again = await on.http.get(path, headers={"If-None-Match": etag})
    if again.status_code != 304 or again.content:
        raise RuntimeError(f"If-None-Match got {again.status_code}")
    return "With If-None-Match the answer is 304."


async def run(rounds: int) -> list[Row]:
    async with stage() as on:
        ids = await past(on)
        path = page(ids[7], 100)
        await check(on, path)
        await check(on, page(ids[8], ROWS - LIMIT))
        # Another page each time: one that is served from memory would be no statement.
        starts = itertools.count(42)
        script, values = await captured(on.cluster, "history_page", lambda: on.http.get(page(ids[9], next(starts))))
        pool = on.pool_connections()

        async def get(url: str, lua: str | None, seconds: float = SECONDS) -> float:
            return (await wrk(url, seconds=seconds, connections=CONNECTIONS, headers=AUTHORIZED, script=lua)).per_second

        async def select(seconds: int = SECONDS) -> float:
            work = await pgbench(on.cluster.url, script, connections=pool, seconds=seconds, variables=values)
            return work.per_second

        pages, again = any_of(ids), on.ours.url + path
        await get(on.ours.url, pages, 1), await get(on.peer.url, pages, 1), await get(again, None, 1), await select(1)
        found = await interleaved(
            rounds, ours=lambda: get(on.ours.url, pages), pgbench=select, again=lambda: get(again, None),
            fastapi=lambda: get(on.peer.url, pages))
        note = await etag_note(on, path)
    name = f"pgbench, {pool} connections"
    return [
        row("3a", WHAT, "1/s", found["ours"], found["pgbench"], name, at_least(0.9)),
        row("3b", WHAT, "1/s", found["ours"], found["fastapi"], "FastAPI", at_least(6)),
        row("3c", AGAIN, "1/s", found["again"], found["pgbench"], name, at_least(5), note),
    ]
