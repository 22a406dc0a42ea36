"""The peers that answer HTTP: FastAPI over the same tables, and Hummingbird with the same bytes."""

from __future__ import annotations

import os
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

from bench.stack import ADMIN, Process, clean, free_port, peers_python
from bench.results import FOLDER

PEERS = FOLDER / "peers"


class FastAPI(Process):
    """uvicorn with a worker for each core."""

    def __init__(self, database_url: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            peers_python(), "-m", "uvicorn", "fastapi_peer:app", "--app-dir", str(PEERS), "--port", str(port),
            "--workers", str(os.cpu_count()), "--loop", "uvloop", "--http", "httptools", "--no-access-log",
            "--log-level", "warning"]
        variables = clean() | {"DATABASE_URL": database_url, "API_KEY": ADMIN, "PYTHONDONTWRITEBYTECODE": "1"}
        super().__init__("fastapi", command, variables, self.url + "/healthz")


class Hummingbird(Process):
    """Answers `GET /v1/sessions/{id}` with the bytes of a file."""

    def __init__(self, file: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = PEERS / "hummingbird-static" / ".build" / "release" / "static"
        super().__init__("hummingbird", [str(program), str(port), str(file)], clean(), self.url + "/v1/sessions/any")


@asynccontextmanager
async def fastapi(cluster):
    running = FastAPI(cluster.url)
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


@asynccontextmanager
async def hummingbird(body: bytes):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(body)
        file.flush()
        running = Hummingbird(Path(file.name))
        try:
            await running.start()
            yield running
        finally:
            await running.stop()
