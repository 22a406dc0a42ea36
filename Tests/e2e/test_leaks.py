"""Two hundred sessions, one after the other, and nothing is left of them."""

import os
import time

import numpy
from livekit import api

from peers import Peer, token
from server_process import KEY, SECRET
from support.answers import done, put_state, until
from support.processes import descriptors, resident_kib, threads
from support.service import environment

SESSIONS = int(os.environ.get("TURNGATE_LEAK_SESSIONS", "200"))
WARM_UP = 50
# The core holds on to a room for about ten seconds after it was left (the Python SDK's
# process shows the same), so memory first rises to what is left in that time.
HOLD_SECONDS = 12
SETTLED = 100
MOST = 1500
# LiveKit's own core keeps 9 to 20 KiB of each connection; a leak of ours comes on top.
KIB_PER_SESSION = 40
METHODS = [{"name": "echo", "handler": {"type": "echo"}}]
LIVE = "status NOT IN ('ended', 'failed')"


async def one_session(http, room_server, number: int) -> None:
    """A whole life; every tenth has somebody to talk to."""
    room = f"leaks-{number % 7}"
    session = done(await http.post("/v1/sessions", json={"room": room, "rpc_methods": METHODS}), 201)
    path = f"/v1/sessions/{session['id']}"
    peer = None
    if number % 10 == 0:
        peer = await Peer("alice").join(room_server, token("alice", room))
        await peer.sees_active("agent")
        echo = await peer.me.perform_rpc(destination_identity="agent", method="echo", payload="x" * 1000)
        assert len(echo) == 1000
    await put_state(http, session["id"], "thinking")
    await put_state(http, session["id"], "listening")
    done(await http.post(f"{path}/turn-notifications", json={"response_timeout_ms": 2000}), 201)
    ended = done(await http.delete(path))
    assert ended["status"] == "ended"
    if peer is not None:
        await peer.leave()


async def test_twoHundredSessions_leaveNothingBehind(cluster, own_room_server, serve, capsys):
    url = cluster.new_database()
    database = url.split("/")[3].split("?")[0]
    service = await serve(environment(url, own_room_server))
    async with service.client() as http:
        for number in range(5):
            await one_session(http, own_room_server, number)
        before = (threads(service.pid), descriptors(service.pid))
        series, settled = await resident_memory(http, service, own_room_server)
        with capsys.disabled():
            print_series(series, settled)

        async def back():
            # A pool may hold a connection or a thread more than at first, not one per session.
            now = (threads(service.pid), descriptors(service.pid))
            return now[0] <= before[0] + 2 and now[1] <= before[1] + 4

        await until(back, f"threads and descriptors as before ({before})", 40)
        assert cluster.sql(f"SELECT count(*) FROM sessions WHERE {LIVE}", database) == "0"
        assert cluster.sql("SELECT count(*) FROM sessions", database) == str(len(series) + 5)
        await nobody_is_left(own_room_server)
        assert growth_per_session(series[settled:]) < KIB_PER_SESSION


async def resident_memory(http, service, room_server) -> tuple[list[int], int]:
    """Memory (KiB) after each session, and from which one on it has to be flat."""
    series: list[int] = []
    began, settled = time.monotonic(), 0
    while len(series) < MOST and (len(series) < SESSIONS or len(series) - settled < SETTLED):
        await one_session(http, room_server, len(series))
        series.append(resident_kib(service.pid))
        if len(series) <= WARM_UP or time.monotonic() - began < HOLD_SECONDS:
            settled = len(series)
    return series, settled


async def nobody_is_left(room_server) -> None:
    client = api.LiveKitAPI(room_server.http_url, KEY, SECRET)
    try:
        async def empty():
            stats = await room_server.stats()
            return stats["participants"] == 0

        await until(empty, "rooms without participants")
        for room in (await client.room.list_rooms(api.ListRoomsRequest())).rooms:
            left = await client.room.list_participants(api.ListParticipantsRequest(room=room.name))
            assert not left.participants, room.name
    finally:
        await client.aclose()


def growth_per_session(series: list[int]) -> float:
    """KiB a session: the middle one of three parts' slopes. A leak grows in all of them, a jump of the heap in one."""
    return float(numpy.median([slope(part) for part in numpy.array_split(numpy.array(series, dtype=float), 3)]))


def slope(values: numpy.ndarray) -> float:
    """By Theil and Sen: the median of all pairs'."""
    first, second = numpy.triu_indices(len(values), k=1)
    return float(numpy.median((values[second] - values[first]) / (second - first)))


def print_series(series: list[int], settled: int) -> None:
    print("\nresident memory in MiB, after each tenth session:")
    print(" ".join(f"{value / 1024:.1f}" for value in series[9::10]))
    print(f"growth after the first {settled}: {growth_per_session(series[settled:]):.1f} KiB a session")
