"""Hooks for schemathesis: real things to aim at, and no waiting for what takes time.

Without them nearly every generated request would end at a 404 for an id that
nobody has. Only what schemathesis itself calls a valid part of a request is
exchanged, so that its bad input goes out as it made it.
"""

from __future__ import annotations

import json
import os

import schemathesis
from schemathesis import Case, HookContext, Response

TARGETS = json.loads(os.environ.get("TURNGATE_CONTRACT_TARGETS", "[]"))
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
    if _is_valid(case, "query") and case.operation.path == "/v1/sessions" and case.method == "POST":
        case.query = {**(case.query or {}), "wait_ms": "0"}
    body = case.body
    if isinstance(body, dict) and _is_valid(case, "body") and "response_timeout_ms" in case_fields(case):
        case.body = {**body, "response_timeout_ms": 100}


def case_fields(case: Case) -> set[str]:
    """The fields that the operation's body may have, as far as this file cares."""
    path = case.operation.path
    return {"response_timeout_ms"} if path.endswith(("/rpc-calls", "/turn-notifications")) else set()


def _aim(case: Case) -> None:
    """Two of three valid requests go to a thing that is there."""
    parameters = dict(case.path_parameters or {})
    if "session" not in parameters or not TARGETS or _turn % 3 == 0:
        return
    target = TARGETS[_turn % len(TARGETS)]
    if case.method == "DELETE" and case.operation.path == "/v1/sessions/{session}":
        # Only what a test case made is ended by one.
        if not _made:
            return
        target = {"session": _made.pop()}
    parameters["session"] = target["session"]
    if "notification" in parameters and "notification" in target:
        parameters["notification"] = target["notification"]
    if "name" in parameters and "method" in target and case.method == "GET":
        parameters["name"] = target["method"]
    case.path_parameters = parameters


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if case.operation.path == "/v1/sessions" and case.method == "POST" and response.status_code in (201, 202):
        _made.append(response.json()["id"])
