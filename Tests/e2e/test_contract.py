"""The live service against openapi.yaml: schemathesis with all of its checks."""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import jsonschema_rs
import pytest
import pytest_asyncio
import yaml
from livekit import rtc

from peers import Peer, Tone, token
from support.answers import done, pages, until
from support.effort import enough
from support.service import ADMIN, ROOT, environment
from support.sse import events
from test_rpc import ask

EXAMPLES = int(os.environ.get("TURNGATE_SCHEMATHESIS_EXAMPLES", enough(2000, 300)))
PHASES = os.environ.get("TURNGATE_SCHEMATHESIS_PHASES", "examples,coverage,fuzzing")
SECONDS = int(os.environ.get("TURNGATE_SCHEMATHESIS_SECONDS", "900"))
OPERATIONS = 58
READINGS = 6
HERE = Path(__file__).resolve().parent
ECHO = {"name": "echo", "handler": {"type": "echo"}}
WAITING = {"name": "get_order_state", "handler": {"type": "queue", "timeout_ms": 30_000}}
# What a run cannot help making happen, and what it has the service call the backend with.
HAPPENED = {
    "session.created", "session.active", "session.updated", "session.ended", "agent_state.changed", "participant.joined",
    "gate.changed", "turn.started", "turn.ended", "turn.cancelled", "turn_notification.completed", "rpc.invoked",
    "speech.started", "speech.ended",
}
CALLED = {"session.created", "session.ended", "webhook.test"}
CALL_SECONDS = 10
CALLS = 2
# The streams of events have no end: a few events of each are enough (the others are looked at after the run), or a short wait.
CONFIGURATION = """
hooks = "support.contract_hooks"

[[operations]]
include-operation-id = ["streamEvents", "streamSessionEvents"]
max-stream-events = 3
request-timeout = 5
"""


async def targets(http, join) -> list[dict]:
    """Sessions with a method, a receipt and a turn that is over, one of them kept; the last session is over too."""
    found = []
    for number in range(4):
        body = {"room": f"contract-{number}", "empty_timeout_s": 0, "max_duration_s": 0,
                "rpc_methods": [ECHO, WAITING],
                "turn_policy": {"keep_turn_audio": number == 0}}
        session = done(await http.post("/v1/sessions", json=body), 201)["id"]
        receipt = done(await http.post(f"/v1/sessions/{session}/turn-notifications", json={}), 201)["id"]
        alice = await join(f"contract-{number}")
        turn = await a_turn(http, session, alice, number == 0)
        found.append({"session": session, "notification": receipt, "method": "echo", "turn": turn, "ended": number == 3,
                      "invocation": await an_invocation(http, session, alice), "event": await first_event(http, session)})
    done(await http.delete(f"/v1/sessions/{found[-1]['session']}"))
    return found


async def a_turn(http, session: str, alice: Peer, is_kept: bool) -> str:
    """A turn in which something was said, and that is over."""
    tone = await Tone(alice, 440).publish()
    path = f"/v1/sessions/{session}/turns"

    async def started():
        answer = await http.post(path, json={"participant": "alice"})
        return done(answer, 201)["id"] if answer.status_code != 409 else None

    turn = await until(started, "alice in the agent's eyes")

    async def heard():
        return done(await http.get(f"{path}/{turn}"))["speech_ms"] >= 100

    await until(heard, "some words of alice's")
    ended = done(await http.post(f"{path}/{turn}/end"))
    assert (ended["outcome"], ended["audio_kept"]) == ("committed", is_kept)
    await alice.me.unpublish_track(tone.publication.sid)
    return turn


async def an_invocation(http, session: str, alice: Peer) -> str:
    """A call of alice's that was answered."""
    await ask(alice, ECHO["name"], "{}")
    path = f"/v1/sessions/{session}/rpc-invocations"

    async def logged():
        return done(await http.get(path, params={"method": ECHO["name"]}))["data"]

    [line] = await until(logged, "the call in the log")
    return line["id"]


async def first_event(http, session: str) -> str:
    async with events(http, f"/v1/sessions/{session}/events", **{"from": "start"}) as stream:
        return (await stream.next()).id


async def doomed(http) -> list[str]:
    """Live sessions, each for one reading of its audio."""
    bodies = [{"room": f"doomed-{number}", "empty_timeout_s": 0} for number in range(READINGS)]
    return [done(await http.post("/v1/sessions", json=body), 201)["id"] for body in bodies]


async def calm(http, alice: Peer) -> str:
    """A live session that is left as it is, with somebody who speaks whenever asked."""
    body = {"room": "calm", "empty_timeout_s": 0, "max_duration_s": 0, "rpc_methods": [WAITING]}
    session = done(await http.post("/v1/sessions", json=body), 201)["id"]
    await a_turn(http, session, alice, is_kept=False)
    return session


async def keep_calling(alice: Peer) -> None:
    """Alice calls a method whose calls wait for pollers, again and again; what comes of it is theirs to say."""
    while True:
        with suppress(rtc.RpcError):
            await ask(alice, WAITING["name"], '{"order": 1}', response_timeout=CALL_SECONDS)


async def standing(http, backend) -> dict[str, str]:
    """A webhook and a default method that are there all the time."""
    webhook = {"url": backend.url, "events": ["session.created", "session.ended"]}
    default = {"name": "default", "handler": {"type": "echo"}}
    return {
        "TURNGATE_CONTRACT_BACKEND": backend.url,
        "TURNGATE_CONTRACT_WEBHOOK": done(await http.post("/v1/webhooks", json=webhook), 201)["id"],
        "TURNGATE_CONTRACT_DEFAULT": done(await http.post("/v1/rpc-methods", json=default), 201)["name"],
    }


async def run(service, things: dict[str, str], report: Path) -> tuple[int, str]:
    """Schemathesis's exit code and what it said."""
    arguments = [
        "run", str(ROOT / "openapi.yaml"), "--url", service.url, "--header", f"Authorization: Bearer {ADMIN}",
        "--checks", "all", "--phases", PHASES, "--max-examples", str(-(-EXAMPLES // OPERATIONS)),
        "--generation-deterministic", "--continue-on-failure", "--workers", "2",
        "--request-timeout", "20", "--report", "json", "--report-json-path", str(report), "--no-color",
    ]
    config = report.with_name("schemathesis.toml")
    config.write_text(CONFIGURATION, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), *arguments, cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE), "TURNGATE_CONTRACT_URL": service.url,
             "TURNGATE_CONTRACT_KEY": ADMIN, **things},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode, output.decode(errors="replace")


@pytest_asyncio.fixture
async def alices(room_server):
    """`await alices(room)`: somebody to take turns, in each room one."""
    peers: list[Peer] = []

    async def enter(room: str) -> Peer:
        peers.append(Peer("alice"))
        return await peers[-1].join(room_server, token("alice", room))

    yield enter
    for peer in peers:
        await peer.leave()


@pytest.mark.long
async def test_service_keepsItsContract(cluster, room_server, serve, alices, backend, tmp_path):
    service = await serve(environment(cluster.new_database(), room_server))
    async with service.client() as http:
        things = {
            "TURNGATE_CONTRACT_TARGETS": json.dumps(await targets(http, alices)),
            "TURNGATE_CONTRACT_DOOMED": json.dumps(await doomed(http)),
            "TURNGATE_CONTRACT_CALM": await calm(http, alice := await alices("calm")),
            **await standing(http, backend),
        }
        calls = [asyncio.ensure_future(keep_calling(alice)) for _ in range(CALLS)]
        code, output = await run(service, things, tmp_path / "report.json")
        for call in calls:
            call.cancel()
        print(output[-4000:])
        assert code == 0, output[-20_000:]
        assert number_of_cases(output) >= 2000
        await every_operation_was_done(service, http)
        await every_event_is_in_the_contract(http, done(await http.delete(f"/v1/sessions/{things['TURNGATE_CONTRACT_CALM']}")))
        every_call_is_in_the_contract(backend)
        live = await pages(http, "/v1/sessions", {"status": "active", "limit": 1000})
        for one in (one for page in live for one in page):
            await http.delete(f"/v1/sessions/{one['id']}")


async def every_operation_was_done(service, http) -> None:
    """A run that only ever met 404s would prove little: each operation must have succeeded too."""
    contract = yaml.safe_load((await http.get("/openapi.yaml")).text)
    done_well = {(line["method"], line["route"]) for line in service.log
                 if line.get("message") == "request" and str(line["status"]).startswith("2")}
    wanted = {(method.upper(), path) for path, item in contract["paths"].items() for method in item}
    # These are not logged when they go well, and were asked a moment ago.
    quiet = {("GET", path) for path in ("/healthz", "/readyz", "/metrics")}
    assert wanted - quiet <= done_well, wanted - quiet - done_well


class Told:
    """Holds what the service tells by itself, events and calls, against the contract's `webhooks`."""

    def __init__(self) -> None:
        self._contract = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
        self._rules: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self.types: set[str] = set()

    def hear(self, kind: str, body: dict) -> None:
        if kind not in self._rules:
            content = self._contract["webhooks"][kind]["post"]["requestBody"]["content"]
            schema = {"components": self._contract["components"]} | content["application/json"]["schema"]
            self._rules[kind] = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        self._rules[kind].validate(body)
        self.types.add(kind)


async def every_event_is_in_the_contract(http, last: dict) -> None:
    """All that the run made happen, as it was told, up to the end of the session `last`."""
    told, seen = Told(), Counter()
    async with events(http, "/v1/events", **{"from": "start"}) as stream:
        while (event := await stream.next()).data["session_id"] != last["id"] or event.type != "session.ended":
            told.hear(event.type, event.data)
            seen[event.data["session_id"]] += 1
            assert (event.id, event.data["seq"]) == (event.data["id"], seen[event.data["session_id"]]), event.data
    print(sorted(told.types))
    assert HAPPENED <= told.types, HAPPENED - told.types


def every_call_is_in_the_contract(backend) -> None:
    """What the service called the users' systems with."""
    told = Told()
    for call in backend.calls:
        told.hear(call.json["type"], call.json)
    print(sorted(told.types))
    assert CALLED <= told.types, CALLED - told.types


def number_of_cases(output: str) -> int:
    found = re.findall(r"(\d[\d,]*) generated", output)
    assert found, "schemathesis did not say how many test cases it made"
    return max(int(number.replace(",", "")) for number in found)
