"""The statements that Turngate sends, read off PostgreSQL's own log: pgbench then runs the very same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WAIT_SECONDS = 10
_EXECUTED = re.compile(r"LOG:  execute ([^\s:]+): (.*?)\n(?=\S)", re.DOTALL)
_PARAMETERS = re.compile(r"DETAIL:  parameters: (.*)")
_PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


async def captured(cluster, name: str, call: Callable[[], Awaitable[object]]) -> tuple[str, dict[str, str]]:
    """The statement whose name begins with `name`, that `call` makes Turngate run, as a script of pgbench.

    Its placeholders are `:p1`, `:p2`, …; their values are the second of what is returned.
    """
    log = Path(parse_qs(urlsplit(cluster.url).query)["host"][0]) / "log"
    cluster.sql("ALTER SYSTEM SET log_statement = 'all'")
    cluster.sql("SELECT pg_reload_conf()")
    try:
        # The backends take the setting between two statements, as soon as the signal has reached them.
        await asyncio.sleep(0.2)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                before = log.stat().st_size
                await call()
                found = _find(log, before, name)
                if found:
                    return found
                await asyncio.sleep(0.05)
    finally:
        cluster.sql("ALTER SYSTEM RESET log_statement")
        cluster.sql("SELECT pg_reload_conf()")


def _find(log: Path, before: int, name: str) -> tuple[str, dict[str, str]] | None:
    with log.open("rb") as file:
        file.seek(before)
        text = file.read().decode()
    for executed in _EXECUTED.finditer(text):
        if not executed.group(1).startswith(name):
            continue
        parameters = _PARAMETERS.search(text, executed.end())
        values = _PARAMETER.findall(parameters.group(1)) if parameters else []
        script = re.sub(r"\$(\d+)", r":p\1", executed.group(2)) + ";\n"
        return script, {f"p{number}": value[1:-1].replace("''", "'") for number, value in values if value != "NULL"}
    return None
