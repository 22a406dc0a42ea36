"""Line 2: sessions that are over, read from PostgreSQL."""

from __future__ import annotations

from bench.http_stage import CONNECTIONS, SECONDS, Stage, past, stage
from bench.load import wrk
from bench.pgbench import pgbench
from bench.results import Row, at_least, row
from bench.rounds import interleaved
from bench.stack import AUTHORIZED
from bench.statements import captured

WHAT = "GET of an ended session, any of 1,000, 64 connections"
# The peer does not know why, only that the audio is shut.
UNKNOWN_TO_PEER = "audio_input"


def any_of(ids: list[str]) -> str:
    """Lua: each request asks for a session by chance."""
    paths = ", ".join(f'"/v1/sessions/{one}"' for one in ids)
    return f"""
local paths = {{{paths}}}
function init(args) math.randomseed(tonumber(string.match(tostring({{}}), "0x(%x+)"), 16) % 2^31) end
function request() return wrk.format("GET", paths[math.random(#paths)]) end
"""


async def check(on: Stage, id: str) -> None:
    """Both say the same of the session, which is over."""
    answers = [await on.http.get(f"{base}/v1/sessions/{id}") for base in (on.ours.url, on.peer.url)]
    ours, theirs = (answer.raise_for_status().json() for answer in answers)
    for shown in (ours, theirs):
        shown.pop(UNKNOWN_TO_PEER)
    if ours != theirs or ours["status"] != "ended":
        raise RuntimeError(f"not the same session: {ours} {theirs}")


async def run(rounds: int) -> list[Row]:
    async with stage() as on:
        ids = await past(on)
        await check(on, ids[7])
        script, values = await captured(on.cluster, "session_text", lambda: on.http.get(f"/v1/sessions/{ids[7]}"))
        pool = on.pool_connections()

        async def get(base: str, seconds: float = SECONDS) -> float:
            return (await wrk(base, seconds=seconds, connections=CONNECTIONS, headers=AUTHORIZED,
                              script=any_of(ids))).per_second

        async def select(seconds: int = SECONDS) -> float:
            work = await pgbench(on.cluster.url, script, connections=pool, seconds=seconds, variables=values)
            return work.per_second

        await get(on.ours.url, 1), await get(on.peer.url, 1), await select(1)
        found = await interleaved(
            rounds, ours=lambda: get(on.ours.url), pgbench=select, fastapi=lambda: get(on.peer.url))
    return [
        row("2a", WHAT, "1/s", found["ours"], found["pgbench"], f"pgbench, {pool} connections", at_least(1.0)),
        row("2b", WHAT, "1/s", found["ours"], found["fastapi"], "FastAPI", at_least(10)),
    ]
