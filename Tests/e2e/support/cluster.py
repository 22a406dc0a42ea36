"""A private PostgreSQL cluster on a unix socket, for tests that may break it."""

from __future__ import annotations

import atexit
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.processes import children

WAIT_SECONDS = 60


def _binaries() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(re.sub(r"\D", "", path.parent.name)))
    assert versions, "PostgreSQL's server is not installed; scripts/bootstrap does it"
    return versions[-1]


class Cluster:
    """Empty at the start; the server's own pid is the only thing that is ever signalled."""

    _templates: dict[str, Path] = {}

    def __init__(self) -> None:
        self._bin = _binaries()
        self._home = Path(tempfile.mkdtemp(prefix="tg-e2e-", dir="/tmp"))
        self._data = self._home / "data"
        self._process: subprocess.Popen | None = None
        self._databases = 0
        self._frozen: list[int] = []
        self._user: list[str] = []
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._home, account.pw_uid, account.pw_gid)
            self._user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"]
        self._run("cp", "-a", str(self._template()), str(self._data))

    def _template(self) -> Path:
        """An empty cluster, made once and copied: initdb takes seconds on a busy machine."""
        made = self._templates.get("data")
        if made is None:
            made = self._home.with_name(f"{self._home.name}-template")
            self._run(str(self._bin / "initdb"), "-D", str(made), "-A", "trust", "-E", "UTF8", "--no-sync", "-U", "turngate")
            atexit.register(shutil.rmtree, made, ignore_errors=True)
            self._templates["data"] = made
        return made

    @property
    def url(self) -> str:
        return f"postgresql:///turngate?host={self._home}&user=turngate"

    def start(self, *settings: str) -> "Cluster":
        """With `name=value` settings of the server; unless they say otherwise, nothing waits for the disk."""
        settings = ("listen_addresses=", f"unix_socket_directories={self._home}", "fsync=off", *settings)
        options = [word for setting in settings for word in ("-c", setting)]
        log = open(self._home / "log", "ab")
        # setpriv replaces itself by the server, so this pid is the server's, and
        # the kernel stops it should the tests die without a word.
        command = [*(self._user[:-1] or ["setpriv"]), "--pdeathsig", "INT", "--", str(self._bin / "postgres"), "-D", str(self._data), *options]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        deadline = time.monotonic() + WAIT_SECONDS
        while subprocess.run([str(self._bin / "pg_isready"), "-q", "-h", str(self._home)], check=False).returncode != 0:
            assert time.monotonic() < deadline and self._process.poll() is None, (self._home / "log").read_text()
            time.sleep(0.05)
        self._create_database()
        return self

    def _create_database(self) -> None:
        if self.sql("SELECT 1 FROM pg_database WHERE datname = 'turngate'", database="postgres") == "":
            self.sql("CREATE DATABASE turngate", database="postgres")

    def new_database(self) -> str:
        """The URL of a fresh, empty database, for a service that shares the server only."""
        self._databases += 1
        name = f"turngate_{self._databases}"
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        return self.url.replace("/turngate?", f"/{name}?")

    def freeze(self) -> None:
        """The server and its processes stop where they are: connections stay open and nothing answers."""
        self._frozen = [self._process.pid, *children(self._process.pid)]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in reversed(self._frozen):
            os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def sql(self, statement: str, database: str = "turngate") -> str:
        """The rows of a statement, columns split by `|`."""
        command = [str(self._bin / "psql"), "-h", str(self._home), "-U", "turngate", "-d", database, "-XAtq",
                   "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def stop(self) -> None:
        """As an administrator would who does not wait for clients."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a machine would that loses power: no goodbye to anybody."""
        self._end(signal.SIGQUIT)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self.thaw()
        self._process.send_signal(number)
        self._process.wait(WAIT_SECONDS)
        self._process = None

    def remove(self) -> None:
        # Nobody will read it again, so nothing has to be written first.
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, *command: str) -> None:
        command = [*self._user, *command]
        result = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert result.returncode == 0, result.stderr
