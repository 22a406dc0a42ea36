"""Plays one conversation and one round of turn-taking with real parts, and tells them step by step.

The parts: the service over HTTP, PostgreSQL behind it, a LiveKit room, and
browsers' stand-ins that speak to the room with LiveKit's official SDK, with
real sound in the second half. Run it with `make demo`, which starts all of them;
`TURNGATE_URL`, `TURNGATE_API_KEY` say where the service is. It leaves a picture of
the round, `demo-timeline.svg`. The exit code is 0 only if every step really happened.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import httpx
from livekit import rtc

import picture
from story import StepFailed, Story, table, timeline
from turns import play_round

ROOM = f"support-{int(time.time())}"
ORDER = '{"order": 1042, "state": "shipped"}'
STATES = [("thinking", 0.4, "the model works on an answer"), ("speaking", 0.8, "the answer is spoken"),
          ("listening", 0.0, "the agent has finished")]


class Client:
    """What a web page would be: joins, offers `your_turn_to_speak`, watches the agent."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.told: asyncio.Queue[rtc.RpcInvocationData] = asyncio.Queue()
        self.agent_states: list[str] = []
        self.agent_left = asyncio.Event()

    async def join(self, url: str, token: str) -> rtc.RemoteParticipant:
        self.room.on("participant_attributes_changed", self._attributes_changed)
        self.room.on("participant_disconnected", lambda participant: self.agent_left.set())
        await self.room.connect(url, token)
        return await until(lambda: self.room.remote_participants.get("agent"), "the agent in the room")

    def _attributes_changed(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        if "lk.agent.state" in changed:
            self.agent_states.append(changed["lk.agent.state"])

    def offer_turns(self) -> None:
        async def your_turn(data: rtc.RpcInvocationData) -> str:
            self.told.put_nowait(data)
            return "microphone is on"

        self.room.local_participant.register_rpc_method("your_turn_to_speak", your_turn)

    async def ask_order(self) -> str:
        return await self.room.local_participant.perform_rpc(
            destination_identity="agent", method="get_order_state", payload='{"order": 1042}', response_timeout=5)


async def until(look, what: str, seconds: float = 10):
    """Looks again and again until `look` gives something; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        await asyncio.sleep(0.01)
    raise StepFailed(f"waited {seconds} s in vain for {what}")


async def samples(http: httpx.AsyncClient) -> dict[str, float]:
    """The service's own counters, by name and labels."""
    text = (await http.get("/metrics")).raise_for_status().text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("turngate_")]
    return {name: float(value) for name, value in lines if "_bucket" not in name}


async def play(http: httpx.AsyncClient, story: Story) -> None:
    before = await samples(http)
    client = Client()
    try:
        session = await meet(http, client, story)
        await converse(http, client, story, session)
        await look_back(http, story, session, before)
        await part(http, client, story, session)
    finally:
        await client.room.disconnect()


async def meet(http: httpx.AsyncClient, client: Client, story: Story) -> str:
    with story.step("A backend makes a session: POST /v1/sessions") as step:
        methods = [{"name": "get_order_state", "handler": {"type": "static", "response": ORDER}}]
        body = {"room": ROOM, "agent": {"identity": "agent", "name": "Ava"}, "rpc_methods": methods}
        answer = await http.post("/v1/sessions", json=body)
        step.check(answer.status_code == 201, f"status {answer.status_code}: {answer.text}")
        session = answer.json()
        step.check(session["status"] == "active" and session["agent_state"] == "listening", str(session))
        step.say(f"{session['id']} is {session['status']} in room {ROOM}; the agent is {session['agent_state']}")

    with story.step("A browser gets its token from the backend and joins with LiveKit's SDK") as step:
        path = f"/v1/sessions/{session['id']}/participant-tokens"
        answer = await http.post(path, json={"identity": "alice", "name": "Alice"})
        step.check(answer.status_code == 201, f"status {answer.status_code}: {answer.text}")
        token = answer.json()
        agent = await client.join(token["url"], token["token"])
        client.offer_turns()
        step.check(agent.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT, f"the agent's kind is {agent.kind}")
        await until(lambda: agent.attributes.get("lk.agent.state") == "listening", "the agent's state attribute")
        step.say(f"alice sees {agent.name} ({agent.identity}), kind agent, {agent.attributes['lk.agent.state']}")
    return session["id"]


async def converse(http: httpx.AsyncClient, client: Client, story: Story, session: str) -> None:
    with story.step("alice calls get_order_state on the agent") as step:
        start = time.monotonic()
        answer = await client.ask_order()
        step.check(answer == ORDER, f"the agent answered {answer!r}")
        step.say(f"answer: {answer}   ({(time.monotonic() - start) * 1000:.1f} ms)")

    with story.step("The backend says what its agent does: PUT agent-state") as step:
        for state, seconds, why in STATES:
            answer = await http.put(f"/v1/sessions/{session}/agent-state", json={"state": state, "reason": "demo"})
            step.check(answer.status_code == 200, f"status {answer.status_code}: {answer.text}")
            row = answer.json()
            step.say(f"{row['seq']}. {row['old_state']} → {row['new_state']}: {why}")
            await until(lambda: client.agent_states[-1:] == [state], f"alice to see {state}")
            await asyncio.sleep(seconds)
        step.say(f"alice saw: {' → '.join(client.agent_states[-3:])}")

    with story.step("alice is told that it is her turn to speak") as step:
        try:
            told = await asyncio.wait_for(client.told.get(), 10)
        except TimeoutError:
            raise StepFailed("nobody told alice within 10 s") from None
        step.check(told.caller_identity == "agent", f"told by {told.caller_identity}")
        step.say(f"your_turn_to_speak, called by {told.caller_identity}; alice answered 'microphone is on'")


async def look_back(http: httpx.AsyncClient, story: Story, session: str, before: dict[str, float]) -> None:
    with story.step("The receipt: who was told, and how each took it") as step:
        receipt = await completed_receipt(http, session)
        rows = [[line["identity"], line["outcome"], line.get("response") or "-", f"{line['latency_ms']:.1f} ms"]
                for line in receipt["recipients"]]
        table(step, ["identity", "outcome", "response", "latency"], rows)
        step.check([row[:2] for row in rows] == [["alice", "acknowledged"]], str(receipt))
        step.check(rows[0][2] == "microphone is on", str(receipt))

    with story.step("The history, as PostgreSQL holds it") as step:
        answer = await http.get(f"/v1/sessions/{session}/agent-states")
        step.check(answer.status_code == 200, f"status {answer.status_code}: {answer.text}")
        rows = answer.json()["data"]
        step.check([row["seq"] for row in rows] == [1, 2, 3, 4, 5], f"the numbers are {[row['seq'] for row in rows]}")
        step.check([row["new_state"] for row in rows][2:] == [state for state, _, _ in STATES], str(rows))
        dwell = ["lasts" if row["dwell_ms"] is None else f"{row['dwell_ms']:.0f} ms" for row in rows]
        table(step, ["seq", "at", "state", "dwell", "cause", "actor"],
              [[str(row["seq"]), row["at"][11:23], row["new_state"], span, row["cause"], row["actor"] or "-"]
               for row, span in zip(rows, dwell)])
        timeline(step, rows)

    with story.step("The metrics that moved") as step:
        after = await samples(http)
        moved = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
        told = 'turngate_turn_notifications_total{outcome="acknowledged"}'
        step.check(moved.get(told) == 1, f"{told} moved by {moved.get(told)}")
        wanted = ("transitions_total", "notifications_total", "rpc_invocations_total", "turngate_sessions{")
        table(step, ["metric", "by"], [[name, f"{by:+g}"] for name, by in sorted(moved.items())
                                       if any(part in name for part in wanted)])


async def completed_receipt(http: httpx.AsyncClient, session: str) -> dict:
    """The newest receipt, once every recipient has an outcome."""
    deadline = time.monotonic() + 10
    while True:
        receipts = (await http.get(f"/v1/sessions/{session}/turn-notifications")).raise_for_status().json()["data"]
        if receipts and receipts[0]["completed_at"]:
            return receipts[0]
        if time.monotonic() > deadline:
            raise StepFailed(f"no complete receipt: {receipts}")
        await asyncio.sleep(0.05)


async def part(http: httpx.AsyncClient, client: Client, story: Story, session: str) -> None:
    with story.step("The backend ends the session: DELETE") as step:
        answer = await http.delete(f"/v1/sessions/{session}")
        step.check(answer.status_code == 200, f"status {answer.status_code}: {answer.text}")
        ended = answer.json()
        step.check(ended["status"] == "ended" and ended["end_reason"] == "deleted", str(ended))
        await asyncio.wait_for(client.agent_left.wait(), 10)
        step.say(f"{ended['status']} ({ended['end_reason']}); alice sees the agent leave")


async def play_turns(http: httpx.AsyncClient, story: Story) -> None:
    round = await play_round(http, story)
    with story.step("All of it as a picture") as step:
        path = Path("demo-timeline.svg").resolve()
        path.write_text(picture.draw(round))
        step.say(f"open {path.as_uri()}")


async def main() -> int:
    url = os.environ.get("TURNGATE_URL", "http://127.0.0.1:8080")
    headers = {"Authorization": f"Bearer {os.environ.get('TURNGATE_API_KEY', 'dev-key')}"}
    story = Story()
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http:
        try:
            await play(http, story)
            await play_turns(http, story)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the story ends and says so
            story.fail(error)
            return 1
    story.succeed()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
