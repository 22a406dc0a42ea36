"""pgbench: what PostgreSQL itself gives for a statement, without anybody in front of it."""

from __future__ import annotations

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

THREADS = 2


@dataclass(frozen=True)
class Work:
    """What a run of pgbench did."""

    per_second: float
    transactions: int


class BenchFailed(Exception):
    """pgbench could not run the script, or a transaction of it failed."""


def program() -> str:
    """The newest of the installed versions, as the server's is."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise BenchFailed("pgbench is not installed; apt-get install postgresql-contrib")
    return str(versions[-1])


async def pgbench(database_url: str, script: str, *, connections: int, seconds: int = 3,
                  variables: dict[str, str] | None = None) -> Work:
    """`script` again and again, prepared, over the unix socket, on as many connections."""
    url = urlsplit(database_url)
    query = parse_qs(url.query)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        arguments = ["-n", "-M", "prepared", "-c", str(connections), "-j", str(THREADS), "-T", str(seconds),
                     "-h", query["host"][0], "-U", query["user"][0], "-f", file.name]
        for name, value in (variables or {}).items():
            arguments += ["-D", f"{name}={value}"]
        process = await asyncio.create_subprocess_exec(
            program(), *arguments, url.path.lstrip("/"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        output, _ = await asyncio.wait_for(process.communicate(), seconds + 30)
    return _read(output.decode(), process.returncode)


def _read(output: str, code: int | None) -> Work:
    rate = re.search(r"tps = ([\d.]+)", output)
    failed = re.search(r"number of failed transactions: (\d+)", output)
    done = re.search(r"number of transactions actually processed: (\d+)", output)
    if code != 0 or rate is None or done is None or failed is None or int(failed.group(1)):
        raise BenchFailed(output)
    return Work(float(rate.group(1)), int(done.group(1)))
