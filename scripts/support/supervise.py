"""Runs Turngate's parts on one machine and stops them again, for scripts/run.

PostgreSQL, the development room server (unless LIVEKIT_URL is set), the
migrations, the service: each is started when the one before it is ready, and
stopped by its own pid in the opposite order. With a command behind `--`, that
command is run against the service and everything ends with it.

Standard library only: this runs before anything else can be relied upon.
"""

import argparse
import ctypes
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
STATE = ROOT / ".turngate"
LOGS = STATE / "log"
POSTGRES = ROOT / "scripts" / "postgres"
POSTGRES_BY_HAND = STATE / "postgres.by-hand"
ROOM_READY_S = 20
DEV_WEBHOOK_SECRET = "whsec_dHVybmdhdGUtZGV2ZWxvcG1lbnQtc2VjcmV0"
SERVICE_READY_S = 30
STOP_S = 20
LOG_TAIL_LINES = 20


class Problem(Exception):
    """Something to tell the person at the keyboard; ends the run non-zero."""


class Stopped(Exception):
    """A signal asked for the end."""


def write(text: str) -> None:
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        pass  # The terminal is gone; what is left to do is done all the same.


def say(text: str) -> None:
    write(f"==> {text}")


def fail(text: str) -> None:
    write(f"error: {text}")


class Signals:
    """Notes SIGINT, SIGTERM and SIGHUP; `check` turns the first into `Stopped`.

    A handler that raised could interrupt the clearing up itself.
    """

    def __init__(self, foreground: "Foreground") -> None:
        self.received: int | None = None
        self.foreground = foreground
        # Whoever started us with nohup wants us to outlive the terminal.
        self.outlives_terminal = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or not self.outlives_terminal:
                signal.signal(number, self._note)

    def _note(self, number: int, _frame) -> None:
        self.received = self.received or number

    def check(self) -> None:
        # A closed terminal signals the `make` above, which then waits for us.
        if self.received is None and not self.outlives_terminal and self.foreground.is_gone():
            self.received = signal.SIGHUP
        if self.received is not None:
            raise Stopped


class Foreground:
    """Takes the terminal for this process alone, so that Ctrl-C reaches it and
    not the `make` above it, which would report an interrupted recipe."""

    def __init__(self) -> None:
        self.terminal: int | None = None
        try:
            self.terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
            self.before = os.getpgrp()
            if os.tcgetpgrp(self.terminal) != self.before:
                raise OSError("started in the background")
            # The group above us does not see a stop of ours, so there is none.
            for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP):
                signal.signal(number, signal.SIG_IGN)
            if self.before != os.getpid():
                os.setpgid(0, 0)
            os.tcsetpgrp(self.terminal, os.getpgrp())
        except OSError:
            self.terminal = None

    def is_gone(self) -> bool:
        """Whether the terminal was closed."""
        if self.terminal is None:
            return False
        try:
            os.tcgetpgrp(self.terminal)
        except OSError:
            return True
        return False

    def give_back(self) -> None:
        if self.terminal is not None:
            try:
                os.tcsetpgrp(self.terminal, self.before)
            except OSError:
                pass


def child_setup() -> None:
    """In the child: out of the terminal's reach, and not left over if this
    process is killed without a chance to stop it."""
    os.setsid()
    for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    parent_death_signal = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM, 0, 0, 0)


def tail(path: pathlib.Path) -> str:
    try:
        lines = path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError as error:
        return f"  (no log: {error})"
    return "\n".join(f"  | {line}" for line in lines) or "  (its log is empty)"


class Part:
    """A process of ours with its log."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.log = LOGS / f"{name.replace(' ', '-')}.log"
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=environment, cwd=ROOT, preexec_fn=child_setup)

    def check(self) -> None:
        code = self.process.poll()
        if code is not None:
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise Problem(f"the {self.name} ended by itself ({how}). The last lines of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            say(f"the {self.name} (pid {self.process.pid}) did not stop within {STOP_S} s and is killed; see {self.log}")
            self.process.kill()
            self.process.wait(5)


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def parse_listen(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise Problem(f"TURNGATE_LISTEN={text} is not ADDRESS:PORT, and this script needs one to see the service come up")
    return host.strip("[]"), int(port)


def base_url(host: str, port: int) -> str:
    """Where this machine reaches what listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


class Run:
    def __init__(self, binary: str, command: list[str], foreground: Foreground) -> None:
        self.binary = binary
        self.command = command
        self.signals = Signals(foreground)
        self.parts: list[Part] = []
        self.postgres_is_ours = False
        self.environment = dict(os.environ)
        self.began = time.monotonic()

    def default(self, name: str, value: str) -> str:
        """An empty variable counts as unset, as for the service."""
        if not self.environment.get(name):
            self.environment[name] = value
        return self.environment[name]

    def wait(self, seconds: float) -> None:
        self.signals.check()
        time.sleep(seconds)
        self.signals.check()

    # The parts, in order.

    def check_ports(self) -> None:
        """First of all, so that what cannot work is said at once."""
        listen = self.default("TURNGATE_LISTEN", "127.0.0.1:8080")
        host, port = parse_listen(listen)
        if not port_is_free(host, port):
            raise Problem(
                f"{listen}, for the service, cannot be listened on; something else has it.\n"
                f"       Another port:  TURNGATE_LISTEN=127.0.0.1:{port + 10} make run")
        if self.environment.get("LIVEKIT_URL"):
            return
        room_port = self.default("TURNGATE_ROOM_PORT", "7880")
        if not room_port.isdigit() or not 0 < int(room_port) < 65536:
            raise Problem(f"TURNGATE_ROOM_PORT={room_port} is not a port")
        if not port_is_free("127.0.0.1", int(room_port)):
            raise Problem(
                f"port {room_port} of 127.0.0.1, for the development room server, is taken.\n"
                f"       Another port:               TURNGATE_ROOM_PORT={int(room_port) + 10} make run\n"
                f"       Or is it a LiveKit server?  LIVEKIT_URL=ws://127.0.0.1:{room_port} LIVEKIT_API_KEY=… "
                "LIVEKIT_API_SECRET=… make run")

    def start_postgres(self) -> None:
        if self.environment.get("DATABASE_URL"):
            return say("PostgreSQL: the one that DATABASE_URL names")
        self.postgres_is_ours = True
        subprocess.run([POSTGRES, "start", "--for-run"], check=True, start_new_session=True)
        url = subprocess.run([POSTGRES, "url"], check=True, capture_output=True, text=True).stdout.strip()
        self.environment["DATABASE_URL"] = url
        say("PostgreSQL is up, on a unix socket")

    def start_room_server(self) -> None:
        if self.environment.get("LIVEKIT_URL"):
            return say(f"Room server: {self.environment['LIVEKIT_URL']} (LIVEKIT_URL)")
        port = self.environment["TURNGATE_ROOM_PORT"]
        key, secret = self.default("LIVEKIT_API_KEY", "devkey"), self.default("LIVEKIT_API_SECRET", "secret")
        self.environment["LIVEKIT_URL"] = f"ws://127.0.0.1:{port}"
        environment = dict(os.environ, PYTHONPATH=str(ROOT / "dev" / "room-server"), PYTHONUNBUFFERED="1")
        part = Part("room server", [
            sys.executable, "-m", "room_server", "--host", "127.0.0.1", "--port", port, "--key", key, "--secret", secret,
            *shlex.split(os.environ.get("TURNGATE_ROOM_FLAGS", "")),
        ], environment)
        self.parts.append(part)
        self.wait_for(part, lambda: "listening on ws://" in part.log.read_text(errors="replace"), ROOM_READY_S)
        say(f"Development room server is up: {self.environment['LIVEKIT_URL']} (a development tool, loopback only)")

    def wait_for(self, part: Part, ready, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            part.check()
            if time.monotonic() > deadline:
                raise Problem(f"the {part.name} was not ready within {seconds:g} s. The last lines of {part.log}:\n{tail(part.log)}")
            self.wait(0.05)

    def migrate(self) -> None:
        self.signals.check()
        result = subprocess.run(
            [self.binary, "migrate", "up"], env=self.environment, cwd=ROOT, timeout=120, start_new_session=True,
            stdout=sys.stderr)
        if result.returncode != 0:
            raise Problem(f"`turngate migrate up` failed (exit code {result.returncode}); its own words are above\n"
                          "       A development database of an older schema can be thrown away:  scripts/postgres wipe")

    def start_service(self) -> None:
        host, port = parse_listen(self.environment["TURNGATE_LISTEN"])
        self.default("TURNGATE_API_KEYS", "dev=admin:dev-key")
        # So that backends and receivers can run on this machine.
        self.default("TURNGATE_WEBHOOK_SECRET", DEV_WEBHOOK_SECRET)
        self.default("TURNGATE_EGRESS_ALLOW", "127.0.0.0/8,::1/128")
        self.default("LIVEKIT_LIB_PATH", str(STATE / "lib" / "liblivekit_ffi.so"))
        self.default("TURNGATE_DOCS_DIR", str(STATE / "docs-ui"))
        self.environment["TURNGATE_URL"] = base_url(host, port)
        part = Part("service", [self.binary, "serve"], self.environment)
        self.parts.append(part)
        self.readiness = "no answer"
        try:
            self.wait_for(part, self.is_ready, SERVICE_READY_S)
        except Problem as problem:
            raise Problem(f"{problem}\n  /readyz: {self.readiness}") from None

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.environment["TURNGATE_URL"] + "/readyz", timeout=2) as reply:
                return reply.status == 200
        except urllib.error.HTTPError as error:
            self.readiness = f"{error.code} {error.read(2000).decode(errors='replace')}"
        except OSError as error:
            self.readiness = f"no answer ({error})"
        return False

    def api_key(self) -> str:
        """The secret of the first key of `name=scope:secret,…`."""
        return self.environment["TURNGATE_API_KEYS"].split(",")[0].partition("=")[2].partition(":")[2]

    def introduce(self) -> None:
        url, key = self.environment["TURNGATE_URL"], self.api_key()
        shown = key if key == "dev-key" else "YOUR-KEY"
        header = f"-H 'Authorization: Bearer {shown}'"
        body = "-H 'Content-Type: application/json'"
        print(f"""
Turngate is up at {url} after {time.monotonic() - self.began:.1f} s. Ctrl-C stops it; its log is {LOGS / 'service.log'}
The contract, browsable: {url}/docs        Try next, in another terminal:

  # 1. put an agent into the room "support-42"; the reply has its id
  ID=$(curl -s {header} {body} -d '{{"room": "support-42"}}' {url}/v1/sessions | tee /dev/stderr | grep -o 'ses_[0-9A-Z]*' | head -n 1)

  # 2. the agent is done thinking: whoever is in the room hears that it is their turn
  curl -s -X PUT {header} {body} -d '{{"state": "thinking"}}' {url}/v1/sessions/$ID/agent-state && curl -s -X PUT {header} {body} -d '{{"state": "listening"}}' {url}/v1/sessions/$ID/agent-state

  # 3. read what the agent did
  curl -s {header} {url}/v1/sessions/$ID/agent-states
""", flush=True)

    # The life of a run.

    def up(self) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        for step in (self.check_ports, self.start_postgres, self.start_room_server, self.migrate, self.start_service):
            self.signals.check()
            step()

    def hold(self) -> int:
        """Until a signal, or until a part or the command ends."""
        if not self.command:
            self.introduce()
            while True:
                for part in self.parts:
                    part.check()
                self.wait(0.2)
        say(f"Running {shlex.join(self.command)}")
        environment = dict(self.environment, TURNGATE_API_KEY=self.api_key())
        process = subprocess.Popen(self.command, env=environment, cwd=ROOT)
        try:
            while process.poll() is None:
                for part in self.parts:
                    part.check()
                self.wait(0.05)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)
        return process.returncode

    def down(self) -> None:
        for part in reversed(self.parts):
            part.stop()
        if self.postgres_is_ours and not POSTGRES_BY_HAND.exists():
            subprocess.run([POSTGRES, "stop"], check=False, start_new_session=True)

    def __call__(self) -> int:
        code = 1
        try:
            self.up()
            code = self.hold()
        except Stopped:
            name = signal.Signals(self.signals.received).name
            write("")
            say(f"{name}: stopping")
            code = 130 if self.command else 0
        except Problem as problem:
            fail(str(problem))
        except subprocess.SubprocessError as error:
            fail(f"{error}")
        finally:
            self.down()
        say("everything is stopped")
        return code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="the turngate executable")
    parser.add_argument("command", nargs="*", help="run this against the service, then stop everything")
    arguments = parser.parse_args()
    foreground = Foreground()
    try:
        return Run(arguments.binary, arguments.command, foreground)()
    finally:
        foreground.give_back()


if __name__ == "__main__":
    sys.exit(main())
