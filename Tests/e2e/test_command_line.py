"""The executable as an operator meets it: its commands, their exit codes, what they say."""

import asyncio
import json
import os
import signal
import subprocess

import httpx
import pytest
from livekit import api

from server_process import KEY, SECRET
from support.answers import done, until
from support.service import ADMIN, READER, WRITER, Service, binary, environment, secrets

SECONDS = 60


def run(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary(), *arguments], env=variables, capture_output=True, text=True, timeout=SECONDS,
                          check=False)


@pytest.fixture
def variables(cluster, room_server) -> dict[str, str]:
    """A sound configuration over the database that all tests share."""
    return environment(cluster.url, room_server, TURNGATE_MIGRATE="check")


@pytest.fixture
def unmigrated(cluster, variables) -> dict[str, str]:
    """The same with a database that nobody has migrated."""
    return variables | {"DATABASE_URL": cluster.new_database()}


def test_version_isTheServicesOwn(variables):
    shown = run(variables, "version")
    assert shown.returncode == 0 and "turngate" in shown.stdout.lower() and "1.2.1" in shown.stdout
    assert run(variables, "--version").stdout.strip() in shown.stdout


def test_help_namesEveryCommand(variables):
    shown = run(variables, "--help")
    assert shown.returncode == 0
    for command in ("serve", "migrate", "token", "check-config", "version"):
        assert command in shown.stdout


@pytest.mark.parametrize("arguments", [["dance"], ["serve", "--dance"], ["migrate", "sideways"], ["serve", "--listen"]])
def test_commandThatThereIsNot_isAUsageMistake(variables, arguments):
    shown = run(variables, *arguments)
    assert shown.returncode == 64 and "Usage" in shown.stderr


def test_checkConfig_showsWhatIsInForceAndNoSecret(variables):
    changed = variables | {"DATABASE_URL": "postgresql://bob:hunter2@127.0.0.1:5432/turngate"}
    shown = run(changed, "check-config")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL", "TURNGATE_LISTEN",
                 "TURNGATE_API_KEYS", "TURNGATE_LOG_LEVEL", "TURNGATE_MIGRATE", "TURNGATE_RATE_LIMIT", "TURNGATE_RATE_BURST",
                 "TURNGATE_MAX_SESSIONS_PER_KEY", "TURNGATE_WEBHOOK_SECRET", "TURNGATE_EGRESS_ALLOW"):
        assert name in shown.stdout
    assert changed["LIVEKIT_URL"] in shown.stdout
    for secret in (*secrets(), "hunter2"):
        assert secret not in shown.stdout + shown.stderr


def test_checkConfig_saysAllThatIsWrongAtOnce():
    wrong = {
        "LIVEKIT_URL": "ftp://somewhere", "LIVEKIT_API_KEY": "k", "TURNGATE_LISTEN": "nowhere",
        "TURNGATE_API_KEYS": "ops=boss:topsecret", "TURNGATE_LOG_LEVEL": "loud", "TURNGATE_MIGRATE": "maybe",
        "TURNGATE_RATE_LIMIT": "many", "TURNGATE_RATE_BURST": "-1", "TURNGATE_MAX_SESSIONS_PER_KEY": "few",
        "TURNGATE_WEBHOOK_SECRET": "whsec_topsecret", "TURNGATE_EGRESS_ALLOW": "10.0.0.0/33",
        "TURNGATE_LOG_FORMAT": "xml", "DATABASE_URL": "postgresql://bob:hunter2@/x?nonsense=1",
    }
    shown = run(wrong, "check-config")
    text = shown.stdout + shown.stderr
    assert shown.returncode not in (0, 64), text
    for name in wrong.keys() - {"LIVEKIT_API_KEY"} | {"LIVEKIT_API_SECRET"}:
        assert name in text, name
    assert "topsecret" not in text and "hunter2" not in text


def test_serve_withAWrongConfigurationSaysAllOfItAndDoesNotStart(variables):
    shown = run(variables | {"LIVEKIT_URL": "", "TURNGATE_MIGRATE": "maybe"}, "serve")
    assert shown.returncode not in (0, 64)
    assert "LIVEKIT_URL" in shown.stderr and "TURNGATE_MIGRATE" in shown.stderr


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", ":0"])
def test_serve_refusesTheWorldWithoutKeys(variables, listen):
    open_to_all = {name: value for name, value in variables.items() if name != "TURNGATE_API_KEYS"}
    shown = run(open_to_all | {"TURNGATE_LISTEN": listen}, "serve")
    assert shown.returncode not in (0, 64) and "TURNGATE_API_KEYS" in shown.stderr


async def test_serve_onTheLoopbackWithoutKeysLetsEverybodyIn(unmigrated, serve):
    open_to_all = {name: value for name, value in unmigrated.items() if name != "TURNGATE_API_KEYS"}
    service = await serve(open_to_all | {"TURNGATE_MIGRATE": "auto"})
    async with service.client(None) as http:
        assert done(await http.get("/v1/sessions"))["data"] == []


async def test_serve_takesFlagsBeforeTheEnvironmentBeforeTheFile(variables, tmp_path):
    file = tmp_path / "turngate.conf"
    file.write_text("# ours\nTURNGATE_LOG_LEVEL=error\nTURNGATE_MIGRATE=\"auto\"\nLIVEKIT_API_KEY=from-the-file\n")
    rest = {name: value for name, value in variables.items() if name not in ("TURNGATE_LOG_LEVEL", "TURNGATE_MIGRATE")}
    shown = run(rest, "check-config", "--config", str(file), "--log-level", "debug")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    lines = {line.split()[0].strip("=:"): line for line in shown.stdout.splitlines() if line.strip()}
    text = shown.stdout
    assert "debug" in text and "auto" in text and "from-the-file" not in text, lines


def test_config_withASettingThatThereIsNotIsRefused(variables, tmp_path):
    file = tmp_path / "turngate.conf"
    file.write_text("TURNGATE_LISTEN=127.0.0.1:1\nTURNGATE_DANCE=yes\n")
    shown = run(variables, "check-config", "--config", str(file))
    assert shown.returncode != 0 and "TURNGATE_DANCE" in shown.stdout + shown.stderr


def test_migrate_upAndStatus(unmigrated):
    before = run(unmigrated, "migrate", "status")
    assert "0001" in before.stdout, before.stdout + before.stderr
    up = run(unmigrated, "migrate", "up")
    assert up.returncode == 0, up.stderr
    again = run(unmigrated, "migrate", "up")
    assert again.returncode == 0, again.stderr
    after = run(unmigrated, "migrate", "status")
    assert after.returncode == 0 and after.stdout != before.stdout and "0001" in after.stdout


def test_migrate_ofADatabaseThatIsNotThereFails(variables):
    shown = run(variables | {"DATABASE_URL": "postgresql:///turngate?host=/nowhere&password=hunter2"}, "migrate", "up")
    assert shown.returncode not in (0, 64) and "hunter2" not in shown.stdout + shown.stderr


def test_migrate_manyAtOnceLeaveOneSchema(unmigrated):
    running = [subprocess.Popen([binary(), "migrate", "up"], env=unmigrated, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for _ in range(4)]
    assert [(process.communicate(timeout=SECONDS), process.returncode)[1] for process in running] == [0] * 4


async def test_serve_refusesASchemaThatIsBehind(unmigrated, serve):
    shown = run(unmigrated, "serve")
    assert shown.returncode not in (0, 64) and "migrate" in shown.stderr
    assert run(unmigrated, "migrate", "up").returncode == 0
    service = await serve(unmigrated)
    async with service.client() as http:
        assert done(await http.get("/readyz"))["status"] == "ready"


def test_token_isOneThatTheRoomServerTakes(variables):
    shown = run(variables, "token", "--room", "support-42", "--identity", "alice")
    assert shown.returncode == 0, shown.stderr
    claims = api.TokenVerifier(KEY, SECRET).verify(shown.stdout.strip())
    assert (claims.identity, claims.video.room, claims.video.room_join) == ("alice", "support-42", True)
    assert SECRET not in shown.stdout + shown.stderr


def test_token_withoutARoomIsAUsageMistake(variables):
    assert run(variables, "token", "--identity", "alice").returncode == 64


async def test_serve_onAPortThatIsTakenSaysSo(variables, service):
    port = service.url.rsplit(":", 1)[1]
    shown = await asyncio.to_thread(
        run, variables | {"TURNGATE_LISTEN": f"127.0.0.1:{port}", "TURNGATE_MIGRATE": "auto"}, "serve")
    assert shown.returncode not in (0, 64) and port in shown.stderr


async def test_serve_withoutTheNativeCoreSaysSo(variables):
    shown = await asyncio.to_thread(
        run, variables | {"LIVEKIT_LIB_PATH": "/nowhere/liblivekit_ffi.so", "TURNGATE_MIGRATE": "auto"}, "serve")
    assert shown.returncode not in (0, 64) and "/nowhere/liblivekit_ffi.so" in shown.stderr


async def test_serve_onAUnixSocket(variables, tmp_path):
    path = tmp_path / "turngate.sock"
    service = Service(variables | {"TURNGATE_LISTEN": f"unix:{path}", "TURNGATE_MIGRATE": "auto"})
    await service.start()
    try:
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://turngate") as http:
            assert done(await http.get("/healthz")) == {"status": "ok"}
            assert (await http.get("/v1/sessions")).status_code == 401
    finally:
        assert await service.stop() == 0
    assert not path.exists()


async def test_sighup_rereadsTheKeyFile(variables, serve, tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# keys\nops=admin:{ADMIN}\n")
    rest = {name: value for name, value in variables.items() if name != "TURNGATE_API_KEYS"}
    service = await serve(rest | {"TURNGATE_API_KEYS_FILE": str(file), "TURNGATE_MIGRATE": "auto"})
    async with service.client(ADMIN) as old, service.client(WRITER) as new:
        assert (await old.get("/v1/sessions")).status_code == 200
        assert (await new.get("/v1/sessions")).status_code == 401
        file.write_text(f"web=write:{WRITER}\n")
        os.kill(service.pid, signal.SIGHUP)

        async def reread():
            return (await new.get("/v1/sessions")).status_code == 200

        await until(reread, "the new key")
        assert (await old.get("/v1/sessions")).status_code == 401
        # A file that makes no sense changes nothing.
        file.write_text(f"board=boss:{READER}\n")
        seen = len(service.log)
        os.kill(service.pid, signal.SIGHUP)

        async def noted():
            return any(line.get("level") in ("error", "warning") for line in service.log[seen:])

        await until(noted, "a word about the bad file")
        assert (await new.get("/v1/sessions")).status_code == 200


async def test_log_isOneJSONObjectALine(variables, serve):
    service = await serve(variables | {"TURNGATE_MIGRATE": "auto"})
    async with service.client() as http:
        await http.get("/v1/sessions")
    await service.logged(lambda line: line.get("route") == "/v1/sessions")
    for line in service.log:
        assert {"message", "level"} <= line.keys(), json.dumps(line)
