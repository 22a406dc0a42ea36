"""The live service against openapi.yaml: schemathesis with all of its checks."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import yaml

from support.answers import done, pages
from support.service import ADMIN, ROOT, environment

EXAMPLES = int(os.environ.get("TURNGATE_SCHEMATHESIS_EXAMPLES", "2000"))
PHASES = os.environ.get("TURNGATE_SCHEMATHESIS_PHASES", "examples,coverage,fuzzing")
SECONDS = int(os.environ.get("TURNGATE_SCHEMATHESIS_SECONDS", "900"))
OPERATIONS = 28
HERE = Path(__file__).resolve().parent


async def targets(http) -> list[dict]:
    """Live sessions with a method and a receipt, and one that is over."""
    found = []
    for number in range(4):
        body = {"room": f"contract-{number}", "empty_timeout_s": 0, "max_duration_s": 0,
                "rpc_methods": [{"name": "echo", "handler": {"type": "echo"}}]}
        session = done(await http.post("/v1/sessions", json=body), 201)["id"]
        receipt = done(await http.post(f"/v1/sessions/{session}/turn-notifications", json={}), 201)["id"]
        found.append({"session": session, "notification": receipt, "method": "echo"})
    done(await http.delete(f"/v1/sessions/{found[-1]['session']}"))
    return found


async def run(service, aims: list[dict], report: Path) -> tuple[int, str]:
    """Schemathesis's exit code and what it said."""
    arguments = [
        "run", str(ROOT / "openapi.yaml"), "--url", service.url, "--header", f"Authorization: Bearer {ADMIN}",
        "--checks", "all", "--phases", PHASES, "--max-examples", str(-(-EXAMPLES // OPERATIONS)),
        "--generation-deterministic", "--continue-on-failure", "--workers", "2",
        "--request-timeout", "20", "--report", "json", "--report-json-path", str(report), "--no-color",
    ]
    config = report.with_name("schemathesis.toml")
    config.write_text('hooks = "support.contract_hooks"\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), *arguments, cwd=HERE,
        env={**os.environ, "TURNGATE_CONTRACT_TARGETS": json.dumps(aims), "PYTHONPATH": str(HERE)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode, output.decode(errors="replace")


async def test_service_keepsItsContract(cluster, room_server, serve, tmp_path):
    service = await serve(environment(cluster.new_database(), room_server))
    async with service.client() as http:
        aims = await targets(http)
        code, output = await run(service, aims, tmp_path / "report.json")
        print(output[-4000:])
        assert code == 0, output[-20_000:]
        assert number_of_cases(output) >= min(EXAMPLES, 2000)
        await every_operation_was_done(service, http)
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


def number_of_cases(output: str) -> int:
    found = re.findall(r"(\d[\d,]*) generated", output)
    assert found, "schemathesis did not say how many test cases it made"
    return max(int(number.replace(",", "")) for number in found)
