"""What bad input gets: a problem that names what is wrong, and never a 500."""

import json

import pytest

from support.answers import done, problem
from support.service import ADMIN, READER, WRITER
from support.sockets import send_raw

NO_SESSION = "ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"
NO_NOTIFICATION = "ntf_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"
NO_INVOCATION = "inv_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"
NO_WEBHOOK = "whk_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"
ECHO = {"type": "echo"}

# Every call that takes a body: a good one, by its method and path.
WRITES = {
    "create": ("POST", "/v1/sessions", {"room": "r"}),
    "patch": ("PATCH", "/v1/sessions/{session}", {"labels": {}}),
    "token": ("POST", "/v1/sessions/{session}/participant-tokens", {"identity": "alice"}),
    "state": ("PUT", "/v1/sessions/{session}/agent-state", {"state": "thinking"}),
    "register": ("POST", "/v1/sessions/{session}/rpc-methods", {"name": "m", "handler": ECHO}),
    "replace": ("PUT", "/v1/sessions/{session}/rpc-methods/m", {"handler": ECHO}),
    "call": ("POST", "/v1/sessions/{session}/rpc-calls", {"method": "m", "destinations": "all"}),
    "notify": ("POST", "/v1/sessions/{session}/turn-notifications", {"method": "m"}),
    "answer": ("POST", "/v1/sessions/{session}/rpc-invocations/{invocation}/response", {"result": 1}),
    "default": ("POST", "/v1/rpc-methods", {"name": "m", "handler": ECHO}),
    "replace-default": ("PUT", "/v1/rpc-methods/m", {"handler": ECHO}),
    "webhook": ("POST", "/v1/webhooks", {"url": "https://shop.example/events"}),
    "change-webhook": ("PATCH", "/v1/webhooks/{webhook}", {"enabled": True}),
    "rotate": ("POST", "/v1/webhooks/{webhook}/rotate-secret", {"overlap_s": 1}),
}
# Those whose body may have nothing in it, or be absent.
PARTIAL = {"patch", "notify", "change-webhook", "rotate"}
OPTIONAL = {"notify", "rotate"}
ADMINS = {"webhook", "change-webhook", "rotate", "remove-webhook", "test-webhook", "default", "replace-default",
          "remove-default"}
# Every call that takes none, with a key.
READS = {
    "list": ("GET", "/v1/sessions"),
    "get": ("GET", "/v1/sessions/{session}"),
    "delete": ("DELETE", "/v1/sessions/{session}"),
    "history": ("GET", "/v1/sessions/{session}/agent-states"),
    "summary": ("GET", "/v1/sessions/{session}/agent-states/summary"),
    "all-history": ("GET", "/v1/agent-states"),
    "methods": ("GET", "/v1/sessions/{session}/rpc-methods"),
    "method": ("GET", "/v1/sessions/{session}/rpc-methods/m"),
    "unregister": ("DELETE", "/v1/sessions/{session}/rpc-methods/m"),
    "notifications": ("GET", "/v1/sessions/{session}/turn-notifications"),
    "notification": ("GET", "/v1/sessions/{session}/turn-notifications/{notification}"),
    "invocations": ("GET", "/v1/sessions/{session}/rpc-invocations"),
    "invocation": ("GET", "/v1/sessions/{session}/rpc-invocations/{invocation}"),
    "events": ("GET", "/v1/sessions/{session}/events"),
    "defaults": ("GET", "/v1/rpc-methods"),
    "default-method": ("GET", "/v1/rpc-methods/m"),
    "remove-default": ("DELETE", "/v1/rpc-methods/m"),
    "webhooks": ("GET", "/v1/webhooks"),
    "one-webhook": ("GET", "/v1/webhooks/{webhook}"),
    "remove-webhook": ("DELETE", "/v1/webhooks/{webhook}"),
    "test-webhook": ("POST", "/v1/webhooks/{webhook}/test"),
    "deliveries": ("GET", "/v1/webhooks/{webhook}/deliveries"),
}
OPEN = ["/healthz", "/readyz", "/metrics", "/openapi.yaml", "/docs", "/problems", "/v1/version"]
ALL = WRITES | {name: (method, path, None) for name, (method, path) in READS.items()}
LISTS = ["/v1/sessions", "/v1/agent-states", "/v1/sessions/{session}/agent-states",
         "/v1/sessions/{session}/turn-notifications", "/v1/sessions/{session}/rpc-invocations", "/v1/webhooks",
         "/v1/webhooks/{webhook}/deliveries"]


def filled(path: str, session: str = NO_SESSION) -> str:
    for name, value in (("session", session), ("notification", NO_NOTIFICATION), ("invocation", NO_INVOCATION),
                        ("webhook", NO_WEBHOOK)):
        path = path.replace("{" + name + "}", value)
    return path


@pytest.fixture(scope="module")
async def live(service):
    """A live session that all of this file's requests are for and that none of them changes."""
    async with service.client() as http:
        made = done(await http.post("/v1/sessions", json={
            "room": "bad-input", "labels": {"kept": "yes"}, "empty_timeout_s": 0}), 201)
        yield made
        after = done(await http.get(f"/v1/sessions/{made['id']}"))
        assert after == made, "bad input changed the session"
        done(await http.delete(f"/v1/sessions/{made['id']}"))


# Bodies

NOT_JSON = {
    "nothing": b"", "word": b"hello", "cut": b'{"room": "a"', "two": b'{} {}', "comma": b'{"room": "a",}',
    "single-quotes": b"{'room': 'a'}", "comment": b'{"room": "a"} // no', "nan": b'{"room": NaN}',
    "bom-twice": b"\xef\xbb\xbf\xef\xbb\xbf{}", "double-name": b'{"room": "a", "room": "b"}',
    "half-surrogate": b'{"room": "\\ud800"}', "bad-escape": b'{"room": "\\x41"}', "control": b'{"room": "a\nb"}',
    "deep": b"[" * 5000 + b"]" * 5000, "deep-object": b'{"metadata":' * 100 + b"{}" + b"}" * 100,
    "huge-number": b'{"max_duration_s": 1e999999}',
}
BAD_UTF8 = {
    "lone-continuation": b'{"room": "\x80"}', "overlong": b'{"room": "\xc0\xaf"}', "cut": b'{"room": "\xe2\x82"}',
    "surrogate": b'{"room": "\xed\xa0\x80"}', "beyond": b'{"room": "\xf4\x90\x80\x80"}', "latin-1": b'{"room": "caf\xe9"}',
}


@pytest.mark.parametrize("text", [*NOT_JSON.values(), *BAD_UTF8.values()], ids=[*NOT_JSON, *BAD_UTF8])
@pytest.mark.parametrize("name", ["create", "state"])
async def test_bodyThatIsNotJSON(http, live, name, text):
    method, path, _ = WRITES[name]
    answer = await http.request(
        method, filled(path, live["id"]), content=text, headers={"Content-Type": "application/json"})
    problem(answer, 400, None, "body")


@pytest.mark.parametrize("value", ["[]", "1", '"text"', "null", "true"])
@pytest.mark.parametrize("name", WRITES)
async def test_bodyThatIsNoObject(http, live, name, value):
    method, path, _ = WRITES[name]
    answer = await http.request(
        method, filled(path, live["id"]), content=value, headers={"Content-Type": "application/json"})
    problem(answer, 400, "invalid-request", "body")


@pytest.mark.parametrize("name", WRITES)
async def test_bodyThatIsNotJSONAtEveryCall(http, live, name):
    method, path, _ = WRITES[name]
    answer = await http.request(
        method, filled(path, live["id"]), content=b'{"a": ', headers={"Content-Type": "application/json"})
    problem(answer, 400, "malformed-json", "body")


@pytest.mark.parametrize("name", [name for name in WRITES if name not in OPTIONAL])
async def test_bodyThatIsMissing(http, live, name):
    method, path, _ = WRITES[name]
    problem(await http.request(method, filled(path, live["id"])), 400, "invalid-request", "body")


@pytest.mark.parametrize("name", WRITES)
async def test_fieldThatIsUnknown(http, live, name):
    method, path, body = WRITES[name]
    answer = await http.request(method, filled(path, live["id"]), json=body | {"surprise": 1})
    problem(answer, 400, "invalid-request", "surprise")


@pytest.mark.parametrize("name", READS)
async def test_bodyWhereNoneIsTaken(http, live, name):
    method, path = READS[name]
    answer = await http.request(method, filled(path, live["id"]), json={"a": 1})
    problem(answer, 400, "invalid-request", "body")


@pytest.mark.parametrize("name", [name for name in WRITES if name not in PARTIAL])
async def test_fieldsThatAreMissing_areAllNamed(http, live, name):
    method, path, body = WRITES[name]
    required = {"create": ["room"], "call": ["method", "destinations"], "register": ["name", "handler"]}
    answer = await http.request(method, filled(path, live["id"]), json={})
    problem(answer, 400, "invalid-request", *required.get(name, list(body)))


LONG, LONG_UNICODE = "x" * 129, "ü" * 65
WRONG_FIELDS = {
    "create": [
        ("room", {"room": 1}), ("room", {"room": None}), ("room", {"room": ""}), ("room", {"room": LONG}),
        ("room", {"room": LONG_UNICODE}), ("room", {"room": "a\nb"}), ("room", {"room": "a\0"}),
        ("room", {"room": ["a"]}),
        ("agent", {"room": "r", "agent": "ava"}), ("agent.identity", {"room": "r", "agent": {"identity": ""}}),
        ("agent.identity", {"room": "r", "agent": {"identity": LONG}}),
        ("agent.name", {"room": "r", "agent": {"name": LONG}}),
        ("agent.surprise", {"room": "r", "agent": {"surprise": 1}}),
        ("agent.metadata", {"room": "r", "agent": {"metadata": "x" * 16_385}}),
        ("agent.metadata", {"room": "r", "agent": {"metadata": {}}}),
        ("agent.attributes", {"room": "r", "agent": {"attributes": []}}),
        ("agent.attributes.a", {"room": "r", "agent": {"attributes": {"a": 1}}}),
        ("agent.attributes.lk.agent.state", {"room": "r", "agent": {"attributes": {"lk.agent.state": "idle"}}}),
        ("agent.attributes", {"room": "r", "agent": {"attributes": {f"k{n}": "" for n in range(33)}}}),
        ("rpc_methods", {"room": "r", "rpc_methods": {}}),
        ("rpc_methods", {"room": "r", "rpc_methods": [{"name": f"m{n}", "handler": ECHO} for n in range(51)]}),
        ("rpc_methods[0]", {"room": "r", "rpc_methods": ["m"]}),
        ("rpc_methods[0].name", {"room": "r", "rpc_methods": [{"handler": ECHO}]}),
        ("rpc_methods[1].handler", {"room": "r", "rpc_methods": [{"name": "a", "handler": ECHO}, {"name": "b"}]}),
        ("rpc_methods[0].handler.response", {"room": "r", "rpc_methods": [{"name": "a", "handler": {"type": "static"}}]}),
        ("turn_policy", {"room": "r", "turn_policy": []}),
        ("turn_policy.mode", {"room": "r", "turn_policy": {"mode": "magic"}}),
        ("turn_policy.notify_on", {"room": "r", "turn_policy": {"notify_on": "listening"}}),
        ("turn_policy.notify_on[1]", {"room": "r", "turn_policy": {"notify_on": ["idle", "asleep"]}}),
        ("turn_policy.pre_roll_ms", {"room": "r", "turn_policy": {"pre_roll_ms": 2001}}),
        ("turn_policy.max_turn_ms", {"room": "r", "turn_policy": {"max_turn_ms": 1.5}}),
        ("turn_policy.notification.method", {"room": "r", "turn_policy": {"notification": {"method": ""}}}),
        ("turn_policy.notification.response_timeout_ms",
         {"room": "r", "turn_policy": {"notification": {"response_timeout_ms": 99}}}),
        ("labels", {"room": "r", "labels": "a=b"}), ("labels.a", {"room": "r", "labels": {"a": None}}),
        ("labels.a", {"room": "r", "labels": {"a": "x" * 256}}), ("labels.a b", {"room": "r", "labels": {"a b": "x"}}),
        ("metadata", {"room": "r", "metadata": []}), ("metadata", {"room": "r", "metadata": {"a": "x" * 16_384}}),
        ("metadata", {"room": "r", "metadata": {"a": "\0"}}),
        ("max_duration_s", {"room": "r", "max_duration_s": -1}), ("max_duration_s", {"room": "r", "max_duration_s": "1"}),
        ("max_duration_s", {"room": "r", "max_duration_s": 604_801}),
        ("max_duration_s", {"room": "r", "max_duration_s": 10**30}),
        ("empty_timeout_s", {"room": "r", "empty_timeout_s": 1.5}), ("empty_timeout_s", {"room": "r", "empty_timeout_s": True}),
    ],
    "patch": [
        ("labels", {"labels": None}), ("metadata", {"metadata": "x"}), ("turn_policy", {"turn_policy": 1}),
        ("turn_policy.surprise", {"turn_policy": {"surprise": 1}}), ("room", {"room": "another"}),
    ],
    "token": [
        ("identity", {"identity": ""}), ("identity", {"identity": LONG}), ("ttl_s", {"identity": "a", "ttl_s": 0}),
        ("ttl_s", {"identity": "a", "ttl_s": 86_401}), ("can_publish", {"identity": "a", "can_publish": "yes"}),
        ("attributes.a", {"identity": "a", "attributes": {"a": []}}), ("name", {"identity": "a", "name": 7}),
    ],
    "state": [
        ("state", {"state": "asleep"}), ("state", {"state": 1}), ("state", {"state": "Thinking"}),
        ("reason", {"state": "idle", "reason": "x" * 257}), ("reason", {"state": "idle", "reason": {}}),
    ],
    "register": [
        ("name", {"name": "", "handler": ECHO}), ("name", {"name": "x" * 65, "handler": ECHO}),
        ("name", {"name": "a b", "handler": ECHO}), ("name", {"name": "ü", "handler": ECHO}),
        ("handler", {"name": "a", "handler": "echo"}), ("handler.type", {"name": "a", "handler": {}}),
        ("handler.type", {"name": "a", "handler": {"type": "magic"}}),
        ("handler.response", {"name": "a", "handler": {"type": "static", "response": 1}}),
        ("handler.response", {"name": "a", "handler": {"type": "static", "response": "ü" * 7_681}}),
        ("handler.response", {"name": "a", "handler": {"type": "echo", "response": "x"}}),
        ("description", {"name": "a", "handler": ECHO, "description": "x" * 1025}),
    ],
    "replace": [("handler.type", {"handler": {"type": "magic"}}), ("name", {"name": "m", "handler": ECHO})],
    "call": [
        ("method", {"method": "", "destinations": "all"}), ("method", {"method": "x" * 65, "destinations": "all"}),
        ("destinations", {"method": "m", "destinations": "everybody"}), ("destinations", {"method": "m", "destinations": []}),
        ("destinations", {"method": "m", "destinations": [f"p{n}" for n in range(101)]}),
        ("destinations[1]", {"method": "m", "destinations": ["a", ""]}),
        ("payload", {"method": "m", "destinations": "all", "payload": {"a": 1}}),
        ("payload", {"method": "m", "destinations": "all", "payload": "x" * 15_361}),
        ("response_timeout_ms", {"method": "m", "destinations": "all", "response_timeout_ms": 60_001}),
    ],
    "notify": [
        ("method", {"method": ""}), ("payload", {"payload": "ü" * 7_681}), ("destinations", {"destinations": {}}),
        ("response_timeout_ms", {"response_timeout_ms": 0}), ("wait_ms", {"wait_ms": -1}), ("wait_ms", {"wait_ms": 60_001}),
    ],
}


@pytest.mark.parametrize(
    ("name", "field", "body"),
    [(name, field, body) for name, wrong in WRONG_FIELDS.items() for field, body in wrong],
    ids=[f"{name}-{field}-{index}" for name, wrong in WRONG_FIELDS.items() for index, (field, _) in enumerate(wrong)])
async def test_fieldThatIsWrong_isNamed(http, live, name, field, body):
    method, path, _ = WRITES[name]
    answer = await http.request(method, filled(path, live["id"]), json=body)
    problem(answer, 400, "invalid-request", field)


async def test_everyMistakeIsNamedAtOnce(http):
    body = {"room": "", "labels": 1, "surprise": 1, "agent": {"identity": 1}, "max_duration_s": -1}
    answer = await http.post("/v1/sessions", params={"wait_ms": "soon"}, json=body)
    problem(answer, 400, "invalid-request", "room", "labels", "surprise", "agent.identity", "max_duration_s", "wait_ms")


# Queries

@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("field", "value"), [
    ("limit", "0"), ("limit", "1001"), ("limit", "-1"), ("limit", "ten"), ("limit", "1.0"), ("limit", ""),
    ("limit", "99999999999999999999"), ("cursor", "nonsense"), ("cursor", ""), ("cursor", "s1-"), ("cursor", "n1-%00"),
    ("cursor", "h1-1-2-3"), ("surprise", "1"), ("LIMIT", "1"),
])
async def test_queryThatIsWrong_isNamed(http, live, path, field, value):
    problem(await http.get(filled(path, live["id"]), params={field: value}), 400, "invalid-request", field)


@pytest.mark.parametrize("query", [
    {"participant": "alice"}, {"direction": "in"}, {"cursor": "r1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC"}, {"limit": "101"},
    {"wait_ms": "60001"}, {"lease_ms": "999"}])
async def test_takingCalls_goesWithItsOwnParametersAlone(http, live, query):
    path = f"/v1/sessions/{live['id']}/rpc-invocations"
    problem(await http.get(path, params={"status": "pending"} | query), 400, "invalid-request", *query)
    problem(await http.get(path, params={"status": "pending,answered"}), 400, "invalid-request", "status")


async def test_cursorOfAnotherList_isRefused(http, live):
    for number in range(2):
        done(await http.post(f"/v1/sessions/{live['id']}/turn-notifications", json={}), 201)
    page = done(await http.get(f"/v1/sessions/{live['id']}/turn-notifications", params={"limit": 1}))
    answer = await http.get("/v1/sessions", params={"cursor": page["next_cursor"]})
    problem(answer, 400, "invalid-request", "cursor")


@pytest.mark.parametrize(("path", "field", "value"), [
    ("/v1/sessions", "status", "alive"), ("/v1/sessions", "room", ""), ("/v1/sessions", "room", LONG),
    ("/v1/sessions", "label.a b", "x"), ("/v1/sessions", "label.a", "x" * 256),
    ("/v1/agent-states", "state", "asleep"), ("/v1/agent-states", "order", "up"),
    ("/v1/agent-states", "since", "yesterday"), ("/v1/agent-states", "until", "2026-13-01T00:00:00Z"),
    ("/v1/agent-states", "since", "2026-11-22"),
    ("/v1/sessions/{session}/rpc-invocations", "status", "answered,rung"),
    ("/v1/sessions/{session}/rpc-invocations", "direction", "up"),
    ("/v1/sessions/{session}/rpc-invocations", "method", ""),
    ("/v1/sessions/{session}/rpc-invocations", "wait_ms", "5"),
    ("/v1/sessions/{session}/rpc-invocations", "lease_ms", "5000"),
    ("/v1/sessions/{session}/events", "types", "turn.began"), ("/v1/sessions/{session}/events", "from", "yesterday"),
    ("/v1/sessions/{session}/events", "heartbeat_s", "0"), ("/v1/sessions/{session}/events", "last_event_id", "x"),
    ("/v1/events", "types", "turn.began"), ("/v1/events", "heartbeat_s", "61"), ("/v1/events", "last_event_id", ""),
    ("/v1/webhooks", "session_id", "ses_"), ("/v1/webhooks/{webhook}/deliveries", "status", "lost"),
])
async def test_filterThatIsWrong_isNamed(http, live, path, field, value):
    problem(await http.get(filled(path, live["id"]), params={field: value}), 400, "invalid-request", field)


@pytest.mark.parametrize("field", ["limit", "cursor"])
async def test_parameterThatComesTwice_isNamed(http, field):
    problem(await http.get(f"/v1/sessions?{field}=1&{field}=2"), 400, "invalid-request", field)


@pytest.mark.parametrize("query", ["room=%ff", "room=%", "label.a=%c0%af", "%ff=1"])
async def test_queryThatCannotBeDecoded(http, query):
    problem(await http.get(f"/v1/sessions?{query}"), 400)


@pytest.mark.parametrize("value", ["-1", "60001", "x", ""])
async def test_waitThatIsWrong_isNamed(http, live, value):
    problem(await http.post("/v1/sessions", params={"wait_ms": value}, json={"room": "r"}), 400, None, "wait_ms")
    path = f"/v1/sessions/{live['id']}/turn-notifications"
    problem(await http.post(path, params={"wait_ms": value}, json={}), 400, None, "wait_ms")


# Things that are not there

@pytest.mark.parametrize("identifier", [
    NO_SESSION, "ses_", "ses_1", "nonsense", "ses_81JD8Z4J9YF3T5W6X7Y8Z9A0BC", NO_SESSION.lower(), NO_NOTIFICATION,
    "01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "%01", "ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC%20", "'%20OR%201=1--", "ü",
])
@pytest.mark.parametrize("name", [name for name, one in ALL.items() if "{session}" in one[1]])
async def test_sessionThatDoesNotExist_isNotFound(http, name, identifier):
    method, path, body = ALL[name]
    problem(await http.request(method, filled(path, identifier), json=body), 404, "session-not-found")


@pytest.mark.parametrize("identifier", ["%00", "%ff", "%c0%af", "%"])
async def test_pathThatCannotBeDecoded_is400(service, identifier):
    request = f"GET /v1/sessions/{identifier} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\r\n"
    problem((await send_raw(service.url, request.encode())).response(), 400, "malformed-request")


@pytest.mark.parametrize("identifier", [NO_NOTIFICATION, "ntf_", "nonsense", NO_SESSION])
async def test_notificationThatDoesNotExist_isNotFound(http, live, identifier):
    answer = await http.get(f"/v1/sessions/{live['id']}/turn-notifications/{identifier}")
    problem(answer, 404, "turn-notification-not-found")


@pytest.mark.parametrize("identifier", [NO_INVOCATION, "inv_", "nonsense", NO_SESSION])
async def test_invocationThatDoesNotExist_isNotFound(http, live, identifier):
    path = f"/v1/sessions/{live['id']}/rpc-invocations/{identifier}"
    problem(await http.get(path), 404, "invocation-not-found")
    problem(await http.post(f"{path}/response", json={"result": 1}), 404, "invocation-not-found")


@pytest.mark.parametrize("identifier", [NO_WEBHOOK, "whk_", "nonsense", NO_SESSION])
@pytest.mark.parametrize("name", [name for name, one in ALL.items() if "{webhook}" in one[1]])
async def test_webhookThatDoesNotExist_isNotFound(http, name, identifier):
    method, path, body = ALL[name]
    answer = await http.request(method, path.replace("{webhook}", identifier), json=body)
    problem(answer, 404, "webhook-not-found")


@pytest.mark.parametrize("name", ["nobody", "%C3%BC", "a%20b", "x" * 65])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_methodThatDoesNotExist_isNotFound(http, live, method, name):
    body = {"handler": ECHO} if method == "PUT" else None
    answer = await http.request(method, f"/v1/sessions/{live['id']}/rpc-methods/{name}", json=body)
    problem(answer, 404, "rpc-method-not-found")


@pytest.mark.parametrize("path", [
    "/", "/v1", "/v2/sessions", "/v1/sessions/", "/V1/sessions", "/v1/session", "/v1/sessions/x/y", "/favicon.ico",
    "/docs/../healthz", "/docs/none.js", "/docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/problems/none", "/v1//sessions",
    "/docs/start.js/", "/metrics/",
])
async def test_pathThatDoesNotExist_isNotFound(service, path):
    raw = await send_raw(service.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\r\n".encode())
    problem(raw.response(), 404, "route-not-found")


# Keys

@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer", "Basic dXNlcjpwYXNz", ADMIN,
                                    f"Bearer {ADMIN}x", f"Bearer {ADMIN} {ADMIN}"])
async def test_requestWithoutAGoodKey_is401(service, name, header):
    method, path, body = ALL[name]
    headers = {} if header is None else {"Authorization": header}
    async with service.client(None) as http:
        answer = await http.request(method, filled(path), json=body, headers=headers)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", ALL)
async def test_keyWhoseScopeIsTooSmall_is403(service, name):
    method, path, body = ALL[name]
    async with service.client(READER) as http:
        answer = await http.request(method, filled(path), json=body)
    if method == "GET":
        assert answer.status_code in (200, 404), answer.text
    else:
        assert problem(answer, 403, "forbidden")["required_scope"] == ("admin" if name in ADMINS else "write")


async def test_keysWorkAsFarAsTheirScopeGoes(service, other_room):
    async with service.client(WRITER) as writer, service.client(READER) as reader:
        made = done(await writer.post("/v1/sessions", params={"wait_ms": 0}, json={"room": other_room}), 202)
        assert done(await reader.get(f"/v1/sessions/{made['id']}"))["id"] == made["id"]
        assert (await writer.delete(f"/v1/sessions/{made['id']}")).status_code in (200, 202)


async def test_twoKeysInOneRequest_is401(service):
    request = f"GET /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\nAuthorization: Bearer {ADMIN}\r\n\r\n"
    problem((await send_raw(service.url, request.encode())).response(), 401, "unauthenticated")


async def test_badInputIsOnlyReadWithAKey(service):
    async with service.client(None) as http:
        for method, path, body in (("POST", "/v1/sessions", b"{"), ("GET", "/v1/sessions?limit=0", b"")):
            problem(await http.request(method, path, content=body), 401, "unauthenticated")


@pytest.mark.parametrize("path", OPEN)
async def test_operations_needNoKey(service, path):
    async with service.client(None) as http:
        assert (await http.get(path)).status_code == 200


# Methods and media types

@pytest.mark.parametrize(("path", "allowed"), [
    ("/v1/sessions", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("/v1/sessions/{session}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
    ("/v1/sessions/{session}/agent-state", {"PUT", "OPTIONS"}),
    ("/v1/sessions/{session}/agent-states", {"GET", "HEAD", "OPTIONS"}),
    ("/v1/sessions/{session}/rpc-methods/m", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
    ("/v1/sessions/{session}/rpc-calls", {"POST", "OPTIONS"}),
    ("/v1/sessions/{session}/events", {"GET", "HEAD", "OPTIONS"}), ("/v1/events", {"GET", "HEAD", "OPTIONS"}),
    ("/v1/sessions/{session}/rpc-invocations/{invocation}/response", {"POST", "OPTIONS"}),
    ("/v1/webhooks/{webhook}", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
    ("/v1/webhooks/{webhook}/test", {"POST", "OPTIONS"}),
    ("/v1/agent-states", {"GET", "HEAD", "OPTIONS"}), ("/healthz", {"GET", "HEAD", "OPTIONS"}),
    ("/metrics", {"GET", "HEAD", "OPTIONS"}), ("/openapi.yaml", {"GET", "HEAD", "OPTIONS"}),
])
async def test_methodThatAPathDoesNotTake_is405AndAllowSaysWhich(http, path, allowed):
    for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed):
        answer = await http.request(method, filled(path))
        problem(answer, 405, "method-not-allowed")
        assert {name.strip() for name in answer.headers["allow"].split(",")} == allowed


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("media_type", [
    "text/plain", "application/x-www-form-urlencoded", "application/xml", "", "application/json; charset=latin-1",
    "application/jsonp", "json"])
async def test_bodyOfAnotherMediaType_is415(http, live, name, media_type):
    method, path, body = WRITES[name]
    answer = await http.request(method, filled(path, live["id"]), content=json.dumps(body).encode(),
                                headers={"Content-Type": media_type})
    problem(answer, 415, "unsupported-media-type")


async def test_bodyWithoutAMediaType_is415(http, live):
    problem(await http.put(f"/v1/sessions/{live['id']}/agent-state", content=b'{"state": "idle"}'), 415)


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/xml;q=1", "application/json;q=0"])
async def test_historyInAMediaTypeThatThereIsNot_is406(http, live, accept):
    for path in (f"/v1/sessions/{live['id']}/agent-states", "/v1/agent-states"):
        answer = await http.get(path, headers={"Accept": accept})
        assert set(problem(answer, 406, "not-acceptable")["available"]) == {
            "application/json", "application/x-ndjson", "text/csv"}


@pytest.mark.parametrize(("accept", "media_type"), [
    ("*/*", "application/json"), ("text/*", "text/csv"), ("text/csv;q=0.5, application/x-ndjson", "application/x-ndjson"),
    ("text/html, application/json;q=0.1", "application/json"), ("application/*", "application/json")])
async def test_historyInTheMediaTypeThatIsLikedBest(http, live, accept, media_type):
    answer = await http.get(f"/v1/sessions/{live['id']}/agent-states", headers={"Accept": accept})
    assert answer.status_code == 200 and answer.headers["content-type"].startswith(media_type)
