"""The server put together: its routes, and its life from start to signal."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web

from .agent_workers import AgentWorkers
from .debug_api import DebugAPI
from .dispatch_api import DispatchAPI
from .rooms import Rooms
from .server_api import ServerAPI
from .settings import Faults, Settings
from .signalling import Signalling
from .transport import keep_media_on_loopback

MAX_REQUEST_LINE_BYTES = 256 * 1024
SHUTDOWN_TIMEOUT_SECONDS = 2.0


async def serve(settings: Settings, faults: Faults) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError when the port is taken."""
    keep_media_on_loopback()
    rooms = Rooms(settings, faults)
    application = web.Application()
    workers = AgentWorkers(rooms)
    for part in (Signalling(rooms), ServerAPI(rooms), DispatchAPI(rooms, workers), workers, DebugAPI(rooms)):
        application.add_routes(part.routes())
    application.add_routes([web.get("/", _health)])
    runner = web.AppRunner(
        application,
        access_log=None,
        shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS,
        # A join request carries a whole offer in its URL.
        max_line_size=MAX_REQUEST_LINE_BYTES,
        max_field_size=MAX_REQUEST_LINE_BYTES,
    )
    stopping = _stop_event()
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        host, port = runner.addresses[0][:2]
        print(f"listening on ws://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        await stopping.wait()
    finally:
        await rooms.close()
        await workers.close()
        await runner.cleanup()


def _stop_event() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="OK")
