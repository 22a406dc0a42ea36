"""Line 1: a session that this process holds."""

from __future__ import annotations

from bench.http_peers import hummingbird
from bench.http_stage import CONNECTIONS, SECONDS, stage
from bench.load import wrk
from bench.results import Row, at_least, row
from bench.rounds import interleaved
from bench.stack import AUTHORIZED

WHAT = "GET of a live session, 64 connections"


async def run(rounds: int) -> list[Row]:
    async with stage() as on:
        session = await on.post_session("support-42")
        on.settle()
        path = f"/v1/sessions/{session['id']}"
        answer = await on.http.get(path)
        shown = answer.raise_for_status().json()
        if shown["status"] != "active" or answer.headers["content-type"] != "application/json":
            raise RuntimeError(f"that is no live session: {shown}")
        theirs = (await on.http.get(on.peer.url + path)).raise_for_status().json()
        if theirs.keys() != shown.keys() or (theirs["id"], theirs["status"]) != (shown["id"], "active"):
            raise RuntimeError(f"not the same session: {shown} {theirs}")
        async with hummingbird(answer.content) as static:
            async def get(base: str, seconds: float = SECONDS) -> float:
                return (await wrk(base + path, seconds=seconds, connections=CONNECTIONS, headers=AUTHORIZED)).per_second

            for base in (on.ours.url, static.url, on.peer.url):
                await get(base, seconds=1)
            found = await interleaved(
                rounds, ours=lambda: get(on.ours.url), hummingbird=lambda: get(static.url),
                fastapi=lambda: get(on.peer.url))
    return [
        row("1a", WHAT, "1/s", found["ours"], found["hummingbird"], "Hummingbird, the same bytes", at_least(1.0)),
        row("1b", WHAT, "1/s", found["ours"], found["fastapi"], "FastAPI, reading the row", at_least(15)),
    ]
