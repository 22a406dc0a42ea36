"""What every answer of the API must be, and how to read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}
WAIT_SECONDS = 60
# What every session answers besides the methods it was given, in the order of their names.
BUILT_IN = ["cancel_turn", "end_turn", "get_turn_state", "start_turn"]


def problem(answer: httpx.Response, status: int, slug: str | None = None, *fields: str) -> dict:
    """The problem that an answer must be, whole; `fields` are named in its `errors`, all of them."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert PROBLEM_MEMBERS <= body.keys(), body
    assert body["status"] == status
    assert body["type"].startswith("/problems/"), body
    assert all(isinstance(body[member], str) for member in PROBLEM_MEMBERS - {"status"}), body
    # A request whose line cannot be read has no path to name.
    assert all(body[member] for member in ("title", "detail", "request_id")), body
    # A replayed problem is the one of back then, byte for byte.
    if "idempotent-replayed" not in answer.headers:
        assert body["request_id"] == answer.headers["x-request-id"]
    if slug is not None:
        assert body["type"] == f"/problems/{slug}", body
    named = {error["field"] for error in body.get("errors", [])}
    assert set(fields) <= named, (fields, body)
    assert all(error["message"] for error in body.get("errors", [])), body
    return body


def done(answer: httpx.Response, status: int = 200) -> dict:
    """The JSON of an answer that must have this status."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def until(look: Callable[[], Awaitable[object]], what: str, seconds: float = WAIT_SECONDS):
    """Asks again and again until the answer is something; fails after a generous time."""
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"never came: {what}"
        await asyncio.sleep(0.02)


async def session_with(http: httpx.AsyncClient, identifier: str, *statuses: str, seconds: float = WAIT_SECONDS) -> dict:
    """The session once it has one of these statuses."""
    async def look() -> dict | None:
        found = done(await http.get(f"/v1/sessions/{identifier}"))
        return found if found["status"] in statuses else None

    return await until(look, f"a session that is {' or '.join(statuses)}", seconds)


async def pages(http: httpx.AsyncClient, path: str, parameters: dict, most: int = 1000) -> list[list[dict]]:
    """All pages of a list, by its cursors."""
    found, cursor = [], None
    while True:
        assert len(found) < most, "the cursors never end"
        page = done(await http.get(path, params=parameters | ({"cursor": cursor} if cursor else {})))
        assert page.keys() == {"data", "next_cursor"}
        found.append(page["data"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def put_state(http: httpx.AsyncClient, identifier: str, state: str, status: int = 200) -> dict:
    return done(await http.put(f"/v1/sessions/{identifier}/agent-state", json={"state": state}), status)


async def history(http: httpx.AsyncClient, identifier: str, **parameters) -> list[dict]:
    """A session's whole history, oldest first unless told, page by page."""
    found = await pages(http, f"/v1/sessions/{identifier}/agent-states", {"limit": 1000} | parameters)
    return [row for page in found for row in page]


async def last_row(http: httpx.AsyncClient, identifier: str, cause: str) -> dict:
    """The history's last row once it has that cause: what was not asked over HTTP is written a little after it was done."""
    async def look() -> dict | None:
        last = (await history(http, identifier))[-1]
        return last if last["cause"] == cause else None

    return await until(look, f"a last row that comes of {cause}")


def assert_no_hole(rows: list[dict]) -> None:
    """`seq` from 1 in single steps, each row beginning with the state that the one before ended in."""
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["old_state"] is None and rows[0]["new_state"] == "initializing"
    for before, after in zip(rows, rows[1:]):
        assert after["old_state"] == before["new_state"]
        assert after["new_state"] != before["new_state"]
        assert after["at"] >= before["at"]
        assert before["dwell_ms"] is not None and before["dwell_ms"] >= 0
