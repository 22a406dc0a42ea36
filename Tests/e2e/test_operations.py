"""For those that run the service: health, metrics, the contract, and what every answer carries."""

import re

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from support.answers import done, problem, put_state, until
from support.service import ROOT, environment
from test_rpc import together

NAMES = {
    "turngate_sessions", "turngate_agent_state_transitions", "turngate_agent_state_duration_seconds",
    "turngate_turn_notifications", "turngate_turn_notification_duration_seconds", "turngate_rpc_invocations",
    "turngate_rpc_duration_seconds", "turngate_store_queue_depth", "turngate_store_write_duration_seconds",
    "turngate_http_requests", "turngate_http_request_duration_seconds", "turngate_event_streams",
    "turngate_event_streams_closed", "turngate_events_sent", "turngate_webhook_deliveries", "turngate_webhook_delivery_duration_seconds",
    "turngate_webhook_backlog",
}
LABELS = {"finding", "status", "new_state", "state", "outcome", "direction", "route", "method", "reason", "le", "quantile"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def scrape(http) -> dict[str, dict[tuple, float]]:
    """Each sample's value by its name and labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[tuple, float]] = {}
    for family in prometheus(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def value(samples: dict, name: str, **labels: str) -> float:
    return samples.get(name, {}).get(tuple(sorted(labels.items())), 0)


async def test_healthz_isAlive(http):
    assert done(await http.get("/healthz")) == {"status": "ok"}


async def test_readyz_namesWhatWasAsked(http):
    ready = done(await http.get("/readyz"))
    assert ready["status"] == "ready"
    assert all(probe["ready"] and probe["problem"] is None for probe in ready["probes"])
    assert "database" in {probe["name"] for probe in ready["probes"]} and len(ready["probes"]) >= 2


async def test_version_saysWhatRuns(http):
    version = done(await http.get("/v1/version"))
    assert version["name"] == "turngate" and re.fullmatch(r"\d+\.\d+\.\d+.*", version["version"])
    assert version["native_core"] == "1.2.1"


async def test_contract_isTheProjectsFile(http):
    answer = await http.get("/openapi.yaml")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/yaml"
    assert answer.content == (ROOT / "openapi.yaml").read_bytes()


async def test_docs_loadsNothingFromElsewhere(http):
    page = await http.get("/docs")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    links = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    assert links and all(link.startswith("/") and not link.startswith("//") for link in links)
    for link in links:
        answer = await http.get(link)
        assert answer.status_code == 200 and answer.content, link
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "http" not in policy and "*" not in policy


async def test_docs_hasTheViewer(http):
    if "swagger-ui-bundle.js" not in (await http.get("/docs")).text:
        pytest.skip("the viewer's files are not installed here; scripts/bootstrap fetches them")
    for name, media_type in (("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css"),
                             ("favicon-32x32.png", "image/png"), ("start.js", "text/javascript")):
        answer = await http.get(f"/docs/{name}")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith(media_type)


async def test_everyProblemHasItsPage(http):
    index = await http.get("/problems")
    slugs = re.findall(r'href="/problems/([a-z0-9-]+)"', index.text)
    assert {"invalid-request", "identity-taken", "store-unavailable"} <= set(slugs)
    for slug in slugs:
        page = await http.get(f"/problems/{slug}")
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html"), slug


async def test_metrics_areMovedByWhatIsDone(http, room_server, join, room, make_session):
    before = await scrape(http)
    session = await make_session(rpc_methods=[{"name": "echo", "handler": {"type": "echo"}}])
    [alice] = await together(http, session, room_server, join, "alice")
    await alice.me.perform_rpc(destination_identity="agent", method="echo", payload="")
    await put_state(http, session["id"], "thinking")
    await put_state(http, session["id"], "listening")
    path = f"/v1/sessions/{session['id']}"
    # The policy's own notification is under way; this one's answer comes after it.
    done(await http.post(f"{path}/turn-notifications", json={"destinations": ["ghost"]}), 201)

    def moved(after: dict, name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    async def look():
        after = await scrape(http)
        return after if moved(after, "turngate_turn_notifications_total", outcome="unsupported") == 1 else None

    after = await until(look, "the metrics of a notification")
    assert moved(after, "turngate_sessions", status="active") == 1
    assert moved(after, "turngate_agent_state_transitions_total", new_state="thinking") == 1
    assert moved(after, "turngate_agent_state_transitions_total", new_state="listening") == 2
    assert moved(after, "turngate_agent_state_duration_seconds_count", state="thinking") == 1
    assert moved(after, "turngate_turn_notifications_total", outcome="absent") == 1
    assert moved(after, "turngate_turn_notification_duration_seconds_count") == 2
    assert moved(after, "turngate_rpc_invocations_total", direction="in", outcome="answered") == 1
    assert moved(after, "turngate_rpc_duration_seconds_count", direction="in") == 1
    assert moved(after, "turngate_rpc_invocations_total", direction="out", outcome="absent") == 1
    route = "/v1/sessions/{session}/turn-notifications"
    assert moved(after, "turngate_http_requests_total", route=route, method="POST", status="201") == 1
    assert moved(after, "turngate_http_request_duration_seconds_count", route=route) == 1
    done(await http.delete(path))
    assert value(await scrape(http), "turngate_sessions", status="active") == value(
        before, "turngate_sessions", status="active")


async def test_metrics_haveTheirNamesAndNoLabelOfAnybody(http, room_server, join, room, make_session):
    session = await make_session(agent={"identity": "label-agent"})
    await together_label(http, session, room_server, join)
    text = (await http.get("/metrics")).text
    families = {family.name: family for family in prometheus(text)}
    assert NAMES <= families.keys(), NAMES - families.keys()
    assert {name for name in families if name.startswith("process_")} >= {
        "process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"}
    for family in families.values():
        assert family.documentation, family.name
        for sample in family.samples:
            if sample.name.startswith("turngate_"):
                assert sample.labels.keys() <= LABELS | {"result"}, sample
    for secret in (session["id"], room, "label-agent", "label-alice"):
        assert secret not in text


async def together_label(http, session, room_server, join) -> None:
    """Somebody whose name must not turn up in a metric."""
    alice = await join(room_server, "label-alice")
    await alice.sees_active("label-agent")
    done(await http.post(f"/v1/sessions/{session['id']}/turn-notifications", json={}), 201)


async def test_metrics_inOpenMetricsAreReadByItsParser(http):
    answer = await http.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert NAMES <= {family.name for family in open_metrics(answer.text)}


async def test_metrics_ofAnUnknownPathHaveNoPathInThem(http):
    await http.get("/some-secret-path-of-mine")
    assert "some-secret-path-of-mine" not in (await http.get("/metrics")).text


@pytest.mark.parametrize("path", ["/healthz", "/v1/sessions", "/nowhere"])
async def test_requestId_isEchoedOrMade(http, path):
    answer = await http.get(path, headers={"X-Request-Id": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    made = {(await http.get(path)).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3 and all(made)


@pytest.mark.parametrize("bad", ["x" * 129, "a b", ""])
async def test_requestIdThatIsNone_isReplaced(http, bad):
    answer = await http.get("/healthz", headers={"X-Request-Id": bad})
    assert answer.headers["x-request-id"] not in ("", bad)


async def test_requestId_isInTheLog(http, service, room):
    identifier = f"log-me-{room}"
    await http.get("/v1/sessions", params={"limit": 1}, headers={"X-Request-Id": identifier, "traceparent": TRACE})
    line = await service.logged(lambda line: line.get("request_id") == identifier)
    assert line["route"] == "/v1/sessions" and str(line["status"]) == "200" and line["caller"] == "ops"
    assert line["trace_id"] == TRACE.split("-")[1]


async def test_traceparent_isTakenOverWhenItIsValid(http):
    assert (await http.get("/healthz", headers={"traceparent": TRACE})).headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    for bad in ("nonsense", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", TRACE.upper()):
        answer = await http.get("/healthz", headers={"traceparent": bad})
        assert answer.status_code == 200 and answer.headers.get("traceparent", "") != bad


@pytest.mark.parametrize("path", ["/healthz", "/v1/sessions", "/openapi.yaml", "/v1/version"])
async def test_head_isAnsweredAsGetWithoutTheBody(http, path):
    head, get = await http.head(path), await http.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    if path != "/v1/sessions":
        assert head.headers["content-length"] == str(len(get.content))


async def test_options_saysWhatAPathTakes(http):
    answer = await http.options("/v1/sessions")
    assert answer.status_code == 204
    assert {name.strip() for name in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST", "OPTIONS"}
    problem(await http.options("/nowhere"), 404, "route-not-found")


async def test_everyAnswer_saysThatItIsNotToBeKeptOrGuessed(http):
    for path in ("/v1/sessions", "/nowhere"):
        answer = await http.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"


async def test_keepAlive_servesManyRequestsOnOneConnection(service):
    limits = httpx.Limits(max_connections=1)
    async with service.client(limits=limits) as http:
        for _ in range(50):
            assert (await http.get("/healthz")).status_code == 200


async def test_joins_startNoPrograms(cluster, room_server, serve, room, tmp_path):
    # LiveKit's core would run it at each join, and wait for it.
    asked = tmp_path / "asked"
    program = tmp_path / "lsb_release"
    program.write_text(f"#!/bin/sh\n: >{asked}\n")
    program.chmod(0o755)
    service = await serve(environment(cluster.url, room_server, PATH=f"{tmp_path}:/usr/bin:/bin"))
    async with service.client() as client:
        session = done(await client.post("/v1/sessions", json={"room": room}), 201)
        done(await client.delete(f"/v1/sessions/{session['id']}"))
    assert not asked.exists()
