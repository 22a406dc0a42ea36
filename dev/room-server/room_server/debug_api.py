"""Faults and figures for tests. Only with the API secret as the bearer."""

from __future__ import annotations

import asyncio
import hmac
import os

from aiohttp import web

from .rooms import Rooms
from .signalling import SocketLink


class DebugAPI:
    """`/debug/faults` shows and changes the faults; `/debug/stats` counts what the server holds."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/debug/faults", self.show),
            web.post("/debug/faults", self.change),
            web.get("/debug/stats", self.stats),
        ]

    async def show(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response(self._rooms.faults.to_json())

    async def change(self, request: web.Request) -> web.Response:
        """Changes the faults that the body names; `kill_signalling` acts once, at once."""
        self._check(request)
        try:
            wanted = await request.json()
            if not isinstance(wanted, dict):
                raise ValueError("the body must be an object")
            kill = wanted.pop("kill_signalling", None)
            if kill is not None and not (isinstance(kill, dict) and isinstance(kill.get("identity"), str)):
                raise ValueError("kill_signalling must be an object with identity and, if wanted, room")
            self._rooms.faults.change(wanted)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        answer = self._rooms.faults.to_json()
        if kill is not None:
            answer["killed"] = self._kill(kill["identity"], kill.get("room"))
        return web.json_response(answer)

    async def stats(self, request: web.Request) -> web.Response:
        """Counts of rooms, participants, tasks, open files, each offer's sections, refused data, and the memory in use (bytes)."""
        self._check(request)
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
        rooms = self._rooms.by_name.values()
        return web.json_response({
            "pid": os.getpid(),
            "rooms": len(rooms),
            "participants": sum(len(room.participants) for room in rooms),
            "sections": {
                f"{room.name}/{p.identity}": p.negotiator.section_count
                for room in rooms for p in room.participants.values()
            },
            "refused_packets": {room.name: room.data.refused_packets for room in rooms},
            "tasks": len(asyncio.all_tasks()),
            "open_files": len(os.listdir("/proc/self/fd")),
            "memory_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
        })

    def _check(self, request: web.Request) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(bearer.encode("utf-8"), self._rooms.settings.api_secret.encode("utf-8")):
            raise web.HTTPUnauthorized(text="the API secret is needed as the bearer")

    def _kill(self, identity: str, room_name: object) -> int:
        killed = 0
        for room in self._rooms.by_name.values():
            participant = room.participants.get(identity)
            if participant is not None and room_name in (None, room.name):
                if isinstance(participant.link, SocketLink):
                    participant.link.abort()
                    killed += 1
        return killed
