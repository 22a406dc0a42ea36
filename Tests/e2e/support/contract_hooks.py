"""Hooks for schemathesis: real things to aim at, and no waiting for what takes time.

Without them nearly every generated request would end at a 404 for an id that
nobody has. Only what schemathesis itself calls a valid part of a request is
exchanged, so that its bad input goes out as it made it.
"""

from __future__ import annotations

import json
import os
import random
import struct
import threading
import urllib.error
import urllib.request

import schemathesis
from hypothesis import strategies
from schemathesis import Case, HookContext, Response

TARGETS = json.loads(os.environ.get("TURNGATE_CONTRACT_TARGETS", "[]"))
# A live session that no test case changes, in which there is always something to end, cancel or take away.
CALM = os.environ.get("TURNGATE_CONTRACT_CALM", "")
# Live sessions that nobody else needs: each is ended while its audio is being read, which ends the reading.
_doomed: list[str] = json.loads(os.environ.get("TURNGATE_CONTRACT_DOOMED", "[]"))
BASE, SECRET = os.environ.get("TURNGATE_CONTRACT_URL", ""), os.environ.get("TURNGATE_CONTRACT_KEY", "")
READ_SECONDS = 0.1
NOBODY = "ses_00000000000000000000000000"
RATE = 8000
MOST_SAMPLES = 400  # 50 ms: nobody waits long for playout.
_made: list[str] = []
_turn = 0


def _is_valid(case: Case, part: str) -> bool:
    """Whether schemathesis means this part of the request to be right."""
    if case.meta is None:
        return True
    return all(
        info.mode.is_positive for name, info in case.meta.components.items()
        if part == "any" or getattr(name, "value", str(name)) == part)


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict) -> None:
    global _turn
    _turn += 1
    if _is_valid(case, "path"):
        _aim(case)
    if _is_valid(case, "query") and (case.method, case.operation.path) in WAITING:
        case.query = {**(case.query or {}), "wait_ms": "0"}
    if case.operation.path.endswith("/speech") and case.media_type == "audio/L16" and _is_valid(case, "header"):
        # The contract says in words that the type needs its rate.
        case.headers = {**(case.headers or {}), "Content-Type": f"audio/L16;rate={RATE}"}
    if isinstance(case.body, dict) and _is_valid(case, "body"):
        case.body = _body(case)


TURN_ENDS = ("/end", "/cancel")
WAITING = {("POST", "/v1/sessions"), ("POST", "/v1/sessions/{session}/speech")}


def _body(case: Case) -> dict:
    """A right body with what this needs to come to something soon."""
    path = case.operation.path
    if path.endswith(("/rpc-calls", "/turn-notifications")):
        return {**case.body, "response_timeout_ms": 100}
    if path.endswith("/turns") and _turn % 4:
        return {**case.body, "participant": "alice"}
    if path.endswith(TURN_ENDS) and _turn % 4:
        # An epoch that was made up is nearly always a stale one.
        return {}
    return case.body


def _aim(case: Case) -> None:
    """Two of three valid requests go to a thing that is there."""
    parameters = dict(case.path_parameters or {})
    if "session" not in parameters or not TARGETS:
        return
    path = case.operation.path
    if path.endswith("/audio-input/stream"):
        # All of them: the audio of a live session never ends.
        case.path_parameters = parameters | {"session": _session_to_listen_to(case)}
        return
    if parameters["session"] == CALM:
        # Schemathesis remembers ids from answers.
        case.path_parameters = parameters | {"session": NOBODY}
    if case.method == "DELETE" and path == "/v1/sessions/{session}":
        # Only what a test case made is ended by one.
        case.path_parameters = parameters | {"session": _made.pop() if _made else NOBODY}
        return
    if _turn % 3 == 0:
        return
    target = TARGETS[_turn % len(TARGETS)]
    if path.endswith(TURN_ENDS) and _is_valid(case, "any"):
        target = {"session": CALM, "turn": _running_turn()}
    if path.endswith("/rpc-methods/{name}") and case.method in ("PUT", "DELETE") and _is_valid(case, "any"):
        target = {"session": CALM}
        parameters["name"] = _method()
    parameters["session"] = target["session"]
    for name in ("notification", "turn"):
        if name in parameters and name in target:
            parameters[name] = target[name]
    if "name" in parameters and "method" in target and case.method == "GET":
        parameters["name"] = target["method"]
    case.path_parameters = parameters


def _session_to_listen_to(case: Case) -> str:
    """One that ends in a moment, one that is over, or none."""
    if _turn % 3 == 0:
        return NOBODY
    if not _is_valid(case, "any") or not (_doomed or _made):
        return next(target["session"] for target in TARGETS if target.get("ended"))
    session = (_doomed or _made).pop()
    threading.Timer(READ_SECONDS, _end, [session]).start()
    return session


def _end(session: str) -> None:
    _ask("DELETE", f"/v1/sessions/{session}")


def _running_turn() -> str:
    """Alice's turn in the calm session, begun if she has none."""
    return _ask("POST", f"/v1/sessions/{CALM}/turns", {"participant": "alice"})["id"]


def _method() -> str:
    """A method of the calm session that nobody has taken away yet."""
    body = {"name": f"method-{_turn}", "handler": {"type": "echo"}}
    return _ask("POST", f"/v1/sessions/{CALM}/rpc-methods", body)["name"]


def _ask(method: str, path: str, body: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {SECRET}"} | ({"Content-Type": "application/json"} if data else {})
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read().decode()}") from error


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if case.operation.path == "/v1/sessions" and case.method == "POST" and response.status_code in (201, 202):
        _made.append(response.json()["id"])


def _samples(count: int, order: str) -> bytes:
    """A quiet, steady noise, the same each time."""
    noise = random.Random(count)
    return struct.pack(f"{order}{count}h", *(noise.randint(-3000, 3000) for _ in range(count)))


def _wav(count: int) -> bytes:
    """A WAV file with so many samples."""
    data = _samples(count, "<")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + form + struct.pack("<4sI", b"data", len(data)) + data


def _l16(count: int) -> bytes:
    return _samples(count, ">")


schemathesis.openapi.media_type("audio/wav", strategies.integers(1, MOST_SAMPLES).map(_wav))
schemathesis.openapi.media_type("audio/L16", strategies.integers(1, MOST_SAMPLES).map(_l16))
