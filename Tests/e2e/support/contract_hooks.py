"""Hooks for schemathesis: real things to aim at, and no waiting for what takes time.

Without them nearly every generated request would end at a 404 for an id that
nobody has. Only what schemathesis itself calls a valid part of a request is
exchanged, so that its bad input goes out as it made it.

What the contract says in words alone is mended here too: parameters that do not
go together, and URLs that must be somewhere. All calls of the service's own go to
a backend of the test's on this machine.
"""

from __future__ import annotations

import copy
import itertools
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
from schemathesis.core.parameters import DelimitedValue

TARGETS = json.loads(os.environ.get("TURNGATE_CONTRACT_TARGETS", "[]"))
# A live session that no test case changes, in which there is always something to end, cancel or take away.
CALM = os.environ.get("TURNGATE_CONTRACT_CALM", "")
# Live sessions that nobody else needs: each is ended while its audio is being read, which ends the reading.
_doomed: list[str] = json.loads(os.environ.get("TURNGATE_CONTRACT_DOOMED", "[]"))
# A webhook and a default method that stay.
WEBHOOK = os.environ.get("TURNGATE_CONTRACT_WEBHOOK", "")
DEFAULT = os.environ.get("TURNGATE_CONTRACT_DEFAULT", "")
# Where the service's own calls go; it takes everything.
BACKEND = os.environ.get("TURNGATE_CONTRACT_BACKEND", "")
BASE, SECRET = os.environ.get("TURNGATE_CONTRACT_URL", ""), os.environ.get("TURNGATE_CONTRACT_KEY", "")
READ_SECONDS = 0.1
NOBODY = "ses_00000000000000000000000000"
RATE = 8000
MOST_SAMPLES = 400  # 50 ms: nobody waits long for playout.
_made: list[str] = []
_turn = 0
# For what must be different each time; the run has several threads.
_numbers = itertools.count()


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
    if _is_valid(case, "query"):
        case.query = _query(case)
    if _is_valid(case, "header"):
        case.headers = _headers(case)
    if isinstance(case.body, dict) and _is_valid(case, "body"):
        case.body = _body(case)


TURN_ENDS = ("/end", "/cancel")
WAITING = {("POST", "/v1/sessions"), ("POST", "/v1/sessions/{session}/speech")}
PENDING_ALONE = {"wait_ms", "lease_ms"}
PENDING_TAKES = {"status", "method", "limit"} | PENDING_ALONE
MOST_PENDING = 100
# What every session that got into its room has told of: the first, and three at least after it.
FIRST_TYPES = ("session.created", "session.active", "agent_state.changed")


def _query(case: Case) -> dict:
    """Right parameters that go together, and that nobody waits long for."""
    query, path = dict(case.query or {}), case.operation.path
    if (case.method, path) in WAITING:
        query["wait_ms"] = "0"
    if case.method == "GET" and path.endswith("/rpc-invocations"):
        query = _invocations(query)
    if path.endswith("/events"):
        query = _events(query)
    return query


def _invocations(query: dict) -> dict:
    """`pending` stands alone and takes fewer parameters, two of them for itself."""
    if "pending" not in str(query.get("status", "")).split(","):
        return {name: value for name, value in query.items() if name not in PENDING_ALONE}
    kept = {name: value for name, value in query.items() if name in PENDING_TAKES} | {"status": _list("pending")}
    if "wait_ms" in kept:
        kept["wait_ms"] = "10"
    if int(kept.get("limit", 1)) > MOST_PENDING:
        kept["limit"] = str(MOST_PENDING)
    return kept


def _events(query: dict) -> dict:
    """Parameters of a stream in which there is something at once; the run reads only the first few."""
    query["from"] = "start"
    query.pop("last_event_id", None)
    if query.get("types"):
        query["types"] = _list(*dict.fromkeys([*str(query["types"]).split(","), *FIRST_TYPES]))
    return query


def _list(*items: str) -> DelimitedValue:
    """A query parameter of several values, as schemathesis writes it."""
    return DelimitedValue(",".join(items), ",".join(items))


def _headers(case: Case) -> dict:
    """Right headers that are not a repeat of another call's, nor of an event that nobody had."""
    headers, path = case.headers or {}, case.operation.path
    names = {name.lower(): name for name in headers}
    if "idempotency-key" in names:
        # Two calls with the same key and different bodies are a mistake, rightly refused.
        name = names["idempotency-key"]
        headers[name] = f"{next(_numbers)}-{headers[name]}"[:MOST_KEY]
    if "last-event-id" in names:
        name = names["last-event-id"]
        headers[name] = _event_before(case)
    if path.endswith("/speech") and case.media_type == "audio/L16":
        # The contract says in words that the type needs its rate.
        headers["Content-Type"] = f"audio/L16;rate={RATE}"
    return headers


MOST_KEY = 255


def _event_before(case: Case) -> str:
    """An event after which the case's stream has others, or none for a session of which nothing is known."""
    session = (case.path_parameters or {}).get("session", TARGETS[0]["session"])
    return next((target["event"] for target in TARGETS if target["session"] == session), "")


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
    if path == "/v1/webhooks" and "session_id" in case.body and _turn % 4:
        return {**_called(case.body), "session_id": CALM}
    return _called(case.body)


def _called(body: dict) -> dict:
    """The body with every URL that the service is to call at the backend."""
    body = copy.deepcopy(body)
    methods = [one for one in [body, *body.get("rpc_methods", [])] if isinstance(one.get("handler"), dict)]
    for holder in [body, *body.get("webhooks", []), *(method["handler"] for method in methods)]:
        if isinstance(holder.get("url"), str):
            holder["url"] = f"{BACKEND}/{_turn}"
    return body


def _aim(case: Case) -> None:
    """Two of three valid requests go to a thing that is there."""
    # Schemathesis writes `%3A` into a valid name, and takes it for an invalid one when it is given it back.
    parameters = {name: str(value).replace("%3A", ":") for name, value in (case.path_parameters or {}).items()}
    path = case.operation.path
    if not TARGETS:
        return
    if path.startswith("/v1/webhooks/"):
        case.path_parameters = parameters | _webhook_target(case)
    elif path.startswith("/v1/rpc-methods/"):
        case.path_parameters = parameters | _default_target(case)
    elif "session" in parameters:
        case.path_parameters = parameters | _session_target(case, parameters)


def _webhook_target(case: Case) -> dict:
    """The one that stays; what is changed or removed is made for it."""
    if _turn % 3 == 0:
        return {}
    if case.method in ("PATCH", "DELETE"):
        return {"webhook": _spare_webhook()} if _is_valid(case, "any") else {}
    return {"webhook": WEBHOOK}


def _default_target(case: Case) -> dict:
    """The one that stays; what is removed is made for it."""
    if _turn % 3 == 0:
        return {}
    if case.method == "DELETE":
        return {"name": _default_method()} if _is_valid(case, "any") else {}
    return {"name": DEFAULT}


def _session_target(case: Case, parameters: dict) -> dict:
    path = case.operation.path
    if path.endswith("/audio-input/stream"):
        # All of them: the audio of a live session never ends.
        return {"session": _session_to_listen_to(case)}
    if case.method == "DELETE" and path == "/v1/sessions/{session}":
        # Only what a test case made is ended by one.
        return {"session": _made.pop() if _made else NOBODY}
    if _turn % 3 == 0:
        # Schemathesis remembers ids from answers.
        return {"session": NOBODY} if parameters["session"] == CALM else {}
    if _is_valid(case, "any") and (own := _thing_to_change(case)):
        return own
    target = TARGETS[_turn % len(TARGETS)]
    wanted = {name: target[name] for name in ("session", "notification", "turn", "invocation") if name in parameters}
    if "name" in parameters and case.method == "GET":
        wanted["name"] = target["method"]
    return wanted


def _thing_to_change(case: Case) -> dict | None:
    """Something of the calm session that the case can end, change or answer; it was made for that."""
    path = case.operation.path
    if path.endswith(TURN_ENDS):
        return {"session": CALM, "turn": _running_turn()}
    if path.endswith("/rpc-methods/{name}") and case.method in ("PUT", "DELETE"):
        return {"session": CALM, "name": _method()}
    if path.endswith("/response"):
        return {"session": CALM, "invocation": _pending_invocation()}
    return None


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
    body = {"name": f"method-{next(_numbers)}", "handler": {"type": "echo"}}
    return _ask("POST", f"/v1/sessions/{CALM}/rpc-methods", body)["name"]


def _pending_invocation() -> str:
    """A call of alice's that waits for its answer; she keeps calling."""
    [taken] = _ask("GET", f"/v1/sessions/{CALM}/rpc-invocations?status=pending&limit=1&wait_ms=10000")["data"]
    return taken["id"]


def _spare_webhook() -> str:
    """A webhook that nobody has changed yet; gone soon, because there may only be so many."""
    if len(_webhooks) > MOST_SPARE:
        _remove(f"/v1/webhooks/{_webhooks.pop(0)}")
    _webhooks.append(_ask("POST", "/v1/webhooks", {"url": BACKEND, "events": ["session.failed"]})["id"])
    return _webhooks[-1]


MOST_SPARE = 8
_webhooks: list[str] = []


def _default_method() -> str:
    """A default method that nobody has taken away yet."""
    return _ask("POST", "/v1/rpc-methods", {"name": f"default-{next(_numbers)}", "handler": {"type": "echo"}})["name"]


def _remove(path: str) -> None:
    """Takes away what a case made, so that the next finds room; another may have been there before."""
    _ask("DELETE", path, missing=True)


def _ask(method: str, path: str, body: dict | None = None, missing: bool = False) -> dict:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {SECRET}"} | ({"Content-Type": "application/json"} if data else {})
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        if missing and error.code == 404:
            return {}
        raise AssertionError(f"{method} {path}: {error.read().decode()}") from error


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if case.method != "POST" or response.status_code not in (201, 202):
        return
    if case.operation.path == "/v1/sessions":
        _made.append(response.json()["id"])
    elif case.operation.path == "/v1/webhooks":
        _remove(f"/v1/webhooks/{response.json()['id']}")
    elif case.operation.path == "/v1/rpc-methods":
        _remove(f"/v1/rpc-methods/{response.json()['name']}")


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
