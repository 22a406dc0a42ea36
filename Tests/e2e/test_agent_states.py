"""What the agent does, told by the backend, seen in the room, kept as history."""

import asyncio
import csv
import io
import json
import time
from datetime import datetime, timedelta, timezone

import pytest

from support.answers import assert_no_hole, done, history, pages, problem, put_state

COLUMNS = ["session_id", "room", "seq", "old_state", "new_state", "at", "dwell_ms", "cause", "actor", "turn_id",
           "reason"]
STEPS = ["thinking", "speaking", "listening", "idle", "thinking", "listening", "speaking", "idle"]


async def steps(http, session: dict, *states: str) -> None:
    for state in states:
        await put_state(http, session["id"], state)


async def test_put_answersWithTheRowWrittenDown(http, room, session):
    row = done(await http.put(f"/v1/sessions/{session['id']}/agent-state", json={"state": "thinking", "reason": "llm"}))
    expected = {"session_id": session["id"], "room": room, "seq": 3, "old_state": "listening", "new_state": "thinking",
                "dwell_ms": None, "cause": "api", "actor": "ops", "reason": "llm", "turn_id": None, "changed": True, "durable": True}
    assert expected.items() <= row.items() and row.keys() == expected.keys() | {"at"}
    shown = done(await http.get(f"/v1/sessions/{session['id']}"))
    assert (shown["agent_state"], shown["agent_state_since"]) == ("thinking", row["at"])


async def test_put_ofTheSameStateChangesNothing(http, session):
    first = await put_state(http, session["id"], "thinking")
    again = await put_state(http, session["id"], "thinking")
    assert again["changed"] is False and (again["seq"], again["at"]) == (first["seq"], first["at"])
    assert len(await history(http, session["id"])) == 3


async def test_put_backToInitializingIsRefused(http, session):
    refused = problem(
        await http.put(f"/v1/sessions/{session['id']}/agent-state", json={"state": "initializing"}), 409,
        "illegal-state-step")
    assert (refused["from"], refused["to"]) == ("listening", "initializing")
    assert len(await history(http, session["id"])) == 2


async def test_put_isSeenInTheRoom(http, room_server, join, room, session):
    alice = await join(room_server, "alice")
    agent = await alice.sees_active("agent")
    for state in ("thinking", "speaking", "listening", "idle"):
        await put_state(http, session["id"], state)
        await alice.until(lambda state=state: agent.attributes.get("lk.agent.state") == state)


async def test_put_manyTimesEndsWithTheLastStateInTheRoom(http, room_server, join, room, session):
    alice = await join(room_server, "alice")
    agent = await alice.sees_active("agent")
    await steps(http, session, *(["thinking", "speaking"] * 20), "idle")
    await alice.until(lambda: agent.attributes.get("lk.agent.state") == "idle")


async def test_put_quicklyAndOften_neverFreezesWhatTheRoomSees(http, room_server, join, room, session, quiet):
    alice = await join(room_server, "alice")
    agent = await alice.sees_active("agent")
    for _ in range(12):
        await steps(http, session, *(["thinking", "speaking"] * 15), "idle")
        began = time.monotonic()
        await alice.until(lambda: agent.attributes.get("lk.agent.state") == "idle")
        # A change takes milliseconds; one whose confirmation the core misses took six seconds.
        assert time.monotonic() - began < (4 if quiet.is_quiet else 6)


async def test_put_aHundredAtOnceLeavesNoHoleAndNoDouble(http, session):
    states = ["thinking", "speaking", "listening", "idle"]
    answers = await asyncio.gather(*(put_state(http, session["id"], states[number % 4]) for number in range(100)))
    rows = await history(http, session["id"])
    assert_no_hole(rows)
    changed = sorted(answer["seq"] for answer in answers if answer["changed"])
    assert changed == [row["seq"] for row in rows[2:]]
    assert all(answer["durable"] for answer in answers)


async def test_history_beginsWithInitializingAndHasNoHole(http, room, session):
    await steps(http, session, *STEPS)
    rows = await history(http, session["id"])
    assert_no_hole(rows)
    assert [row["new_state"] for row in rows] == ["initializing", "listening", *STEPS]
    assert all(list(row) == COLUMNS for row in rows)
    assert {row["session_id"] for row in rows} == {session["id"]} and {row["room"] for row in rows} == {room}
    assert [row["cause"] for row in rows[:2]] == ["connection", "policy"]
    assert all((row["cause"], row["actor"]) == ("api", "ops") for row in rows[2:])
    assert rows[-1]["dwell_ms"] is None


async def test_history_dwellIsTheTimeToTheNextRow(http, session):
    await steps(http, session, *STEPS)
    rows = await history(http, session["id"])
    for row, after in zip(rows, rows[1:]):
        lasted = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(row["at"])
        assert row["dwell_ms"] == pytest.approx(lasted.total_seconds() * 1000, abs=0.002)


async def test_history_ofAnEndedSessionStaysAndItsLastDwellEnds(http, session):
    await steps(http, session, "thinking")
    ended = done(await http.delete(f"/v1/sessions/{session['id']}"))
    rows = await history(http, session["id"])
    assert_no_hole(rows)
    assert [row["new_state"] for row in rows] == ["initializing", "listening", "thinking"]
    assert rows[-1]["at"] <= ended["ended_at"]


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_history_isTheSameInAllThreeMediaTypes(http, session, order):
    await steps(http, session, *STEPS)
    done(await http.delete(f"/v1/sessions/{session['id']}"))
    path, parameters = f"/v1/sessions/{session['id']}/agent-states", {"order": order}
    rows = done(await http.get(path, params=parameters))["data"]
    assert [row["seq"] for row in rows] == (list(range(1, 11)) if order == "asc" else list(range(10, 0, -1)))
    lines = await http.get(path, params=parameters, headers={"Accept": "application/x-ndjson"})
    assert lines.status_code == 200 and lines.headers["content-type"] == "application/x-ndjson"
    assert lines.text.endswith("\n")
    assert [json.loads(line) for line in lines.text.splitlines()] == rows
    table = await http.get(path, params=parameters, headers={"Accept": "text/csv"})
    assert table.status_code == 200 and table.headers["content-type"].startswith("text/csv")
    assert_same_table(table.text, rows)


def assert_same_table(text: str, rows: list[dict]) -> None:
    header, *cells = csv.reader(io.StringIO(text))
    assert header == COLUMNS and len(cells) == len(rows)
    for line, row in zip(cells, rows):
        for name, cell in zip(COLUMNS, line):
            if name == "dwell_ms" and row[name] is not None:
                assert float(cell) == pytest.approx(row[name], abs=0.001)
            else:
                assert cell == ("" if row[name] is None else str(row[name])), name


async def test_history_inCSVQuotesWhatNeedsIt(http, other_room):
    name = f'{other_room}, "the, best"'
    made = done(await http.post("/v1/sessions", json={"room": name}), 201)
    rows = await history(http, made["id"])
    table = await http.get(f"/v1/sessions/{made['id']}/agent-states", headers={"Accept": "text/csv"})
    assert rows[0]["room"] == name
    assert_same_table(table.text, rows)
    done(await http.delete(f"/v1/sessions/{made['id']}"))


async def test_history_ofAllIsStreamedWhole(http, room, make_session):
    first, second = await make_session(), await make_session(agent={"identity": "second"})
    for state in STEPS:
        await steps(http, first, state)
        await steps(http, second, state)
    rows = [row for page in await pages(http, "/v1/agent-states", {"room": room, "limit": 3}) for row in page]
    assert len(rows) == 20
    lines = await http.get("/v1/agent-states", params={"room": room}, headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in lines.text.splitlines()] == rows


async def test_history_isWalkedByCursorsInBothOrders(http, session):
    await steps(http, session, *STEPS)
    path = f"/v1/sessions/{session['id']}/agent-states"
    for order, expected in (("asc", list(range(1, 11))), ("desc", list(range(10, 0, -1)))):
        walked = await pages(http, path, {"limit": 3, "order": order})
        assert [len(page) for page in walked] == [3, 3, 3, 1]
        assert [row["seq"] for page in walked for row in page] == expected
        whole = done(await http.get(path, params={"order": order}))["data"]
        assert [row for page in walked for row in page] == whole


async def test_history_cursorStaysRightWhileRowsAreAdded(http, session):
    await steps(http, session, *STEPS)
    path = f"/v1/sessions/{session['id']}/agent-states"
    first = done(await http.get(path, params={"limit": 4, "order": "desc"}))
    await steps(http, session, "thinking", "speaking")
    second = done(await http.get(path, params={"limit": 4, "order": "desc", "cursor": first["next_cursor"]}))
    assert [row["seq"] for row in first["data"] + second["data"]] == [10, 9, 8, 7, 6, 5, 4, 3]


async def test_history_filtersByStateSinceAndUntil(http, session):
    await steps(http, session, *STEPS)
    rows = await history(http, session["id"])
    assert [row["seq"] for row in await history(http, session["id"], state="thinking")] == [3, 7]
    assert [row["seq"] for row in await history(http, session["id"], since=rows[4]["at"])] == [5, 6, 7, 8, 9, 10]
    assert [row["seq"] for row in await history(http, session["id"], until=rows[4]["at"])] == [1, 2, 3, 4]
    middle = await history(http, session["id"], since=rows[2]["at"], until=rows[6]["at"], state="speaking")
    assert [row["seq"] for row in middle] == [4]
    assert await history(http, session["id"], since="2999-01-01T00:00:00Z") == []
    # A filter takes rows away and changes nothing in those that stay.
    filtered = await history(http, session["id"], state="thinking")
    assert filtered == [rows[2], rows[6]]


async def test_history_takesTimesWithAnyOffset(http, session):
    await steps(http, session, *STEPS)
    fourth = datetime.fromisoformat((await history(http, session["id"]))[3]["at"])
    there = fourth.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
    assert [row["seq"] for row in await history(http, session["id"], until=there)] == [1, 2, 3]


async def test_historyOfAll_filtersByRoomAndLabels(http, room, other_room, make_session):
    tenant = f"t-{room}"
    first = await make_session(labels={"tenant": tenant, "tier": "gold"})
    second = await make_session(room=other_room, labels={"tenant": tenant})
    await steps(http, first, "thinking")
    await steps(http, second, "speaking")

    async def seen(parameters: dict) -> list[tuple[str, int]]:
        found = await pages(http, "/v1/agent-states", parameters)
        return [(row["session_id"], row["seq"]) for page in found for row in page]

    one, two = [(first["id"], n) for n in (1, 2, 3)], [(second["id"], n) for n in (1, 2, 3)]
    assert await seen({"room": room}) == one
    assert await seen({"room": other_room}) == two
    both = await seen({"label.tenant": tenant, "limit": 2})
    assert sorted(both) == sorted(one + two)
    assert await seen({"label.tenant": tenant, "label.tier": "gold"}) == one
    assert await seen({"label.tenant": tenant, "state": "speaking"}) == [(second["id"], 3)]
    assert await seen({"label.tenant": f"nobody-{room}"}) == []


async def test_summary_addsUp(http, session):
    await steps(http, session, *STEPS)
    done(await http.delete(f"/v1/sessions/{session['id']}"))
    rows = await history(http, session["id"])
    summary = done(await http.get(f"/v1/sessions/{session['id']}/agent-states/summary"))
    assert (summary["session_id"], summary["turns"]) == (session["id"], 0)
    states = {one["state"]: one for one in summary["states"]}
    for state in {"initializing", "listening", *STEPS}:
        assert states[state]["count"] == sum(row["new_state"] == state for row in rows), state
    for one in states.values():
        if one["count"] == 0:
            continue
        assert one["mean_ms"] == pytest.approx(one["total_ms"] / one["count"], abs=0.01)
        assert 0 <= one["p50_ms"] <= one["p95_ms"] <= one["max_ms"] <= one["total_ms"] + 0.01
        assert 0 <= one["share"] <= 1
    assert sum(one["share"] for one in states.values()) == pytest.approx(1, abs=0.01)
    closed = [row["dwell_ms"] for row in rows if row["new_state"] == "thinking"]
    assert states["thinking"]["total_ms"] == pytest.approx(sum(closed), abs=0.01)
    assert states["thinking"]["max_ms"] == pytest.approx(max(closed), abs=0.01)
