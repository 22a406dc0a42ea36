"""The command line, the debug endpoint, and that nothing is left behind."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from peers import Peer, Tone, WAIT_SECONDS, token
from server_process import ServerProcess, spawn

CROWDS, CROWD, VISITS, AT_ONCE = 2, 10, 200, 4


@pytest.mark.parametrize("arguments", [
    ("--host", "0.0.0.0"), ("--host", "192.168.1.1"), ("--host", "example.org"),
    ("--port", "70000"), ("--departure-timeout", "soon"), ("--delay-data-ms", "-1"),
])
async def test_commandLine_thatIsWrongIsRefused(arguments):
    process = await spawn(*arguments)
    assert await asyncio.wait_for(process.wait(), 20) == 2


async def test_everySocket_isOnTheLoopback(server, join):
    """Signalling and media: no port of the server can be reached from another machine."""
    alice = await join(server, "alice")
    await join(server, "bob")
    await alice.sees_active("bob")
    pid = (await server.stats())["pid"]
    inodes = {os.readlink(f).removeprefix("socket:[").rstrip("]")
              for f in Path(f"/proc/{pid}/fd").iterdir() if os.readlink(f).startswith("socket:")}
    rows = [line.split() for kind in ("tcp", "udp", "tcp6", "udp6")
            for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]]
    addresses = [row[1].split(":")[0] for row in rows if row[9] in inodes]
    assert len(addresses) >= 3 and set(addresses) == {"0100007F"}


async def test_portInUse_isExitCodeOne(server):
    process = await spawn("--port", str(server.port))
    assert await asyncio.wait_for(process.wait(), 20) == 1


async def test_faultFlags_areOnFromTheStart():
    flags = ("--drop-rpc-responses", "--drop-rpc-acks", "alice", "--drop-rpc-acks", "@agents", "--delay-data-ms", "5")
    running = await ServerProcess(*flags).start()
    try:
        assert await running.faults() == {
            "drop_rpc_responses": True, "drop_rpc_acks": ["@agents", "alice"],
            "refuse_resume": False, "rpc_v1_only": False, "delay_data_ms": 5,
        }
    finally:
        assert await running.stop() == 0


async def test_faults_needTheSecretAndGoodValues(server):
    assert (await server.debug("POST", "/debug/faults", {}, bearer="wrong"))[0] == 401
    assert (await server.debug("GET", "/debug/stats", bearer=""))[0] == 401
    for wrong in ({"delay_data_ms": "long"}, {"unknown": True}, {"refuse_resume": 7}, {"kill_signalling": "x"}, []):
        assert (await server.debug("POST", "/debug/faults", wrong))[0] == 400
    assert await server.faults() == {
        "drop_rpc_responses": False, "drop_rpc_acks": False, "refuse_resume": False,
        "rpc_v1_only": False, "delay_data_ms": 0,
    }


@pytest.fixture
async def crowds(own_server, room):
    """Twenty participants in two processes, which are killed at the end."""
    processes = [await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("crowd.py")), own_server.url,
        *(token(f"resident-{c}-{n}", room) for n in range(CROWD)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL) for c in range(CROWDS)]
    for process in processes:
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"in\n"
    yield processes
    for process in processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_twoHundredJoinsBesideTwentyPeers_leaveNothingBehind(own_server, crowds, join, room):
    """Twenty stay, guests come and go 200 times; the figures after the first few are the measure."""
    watcher = await join(own_server, "watcher")
    figures = []
    for number in range(VISITS // AT_ONCE):
        await asyncio.gather(*(
            visit(own_server, watcher, room, f"guest-{number}-{n}", number % 10 == n == 0) for n in range(AT_ONCE)))
        watcher.events.clear()
        if number in (10, VISITS // AT_ONCE - 1):
            figures.append(await settled(own_server, CROWDS * CROWD + 1))
    for process in crowds:
        process.kill()
        await process.wait()
    empty = await settled(own_server, 1)
    before, after = figures
    assert (after["tasks"], after["open_files"]) == (before["tasks"], before["open_files"])
    assert after["memory_bytes"] - before["memory_bytes"] < 16 * 1024 * 1024
    assert empty["tasks"] < CROWD * 2 and empty["open_files"] < CROWD * 2


async def visit(server: ServerProcess, watcher: Peer, room: str, identity: str, speaks: bool) -> None:
    guest = await Peer(identity).join(server, token(identity, room))
    await watcher.event("participant_active", lambda p: p.sid == guest.me.sid)
    if speaks:
        tone = await Tone(guest, 440).publish()
        await watcher.event("track_subscribed", lambda t, *_: t.sid == tone.publication.sid)
    await guest.leave()
    await watcher.event("participant_disconnected", lambda p: p.identity == identity)


async def settled(server: ServerProcess, participants: int) -> dict:
    """The figures once that many are left and two looks in a row agree."""
    last: list = []
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            stats = await server.stats()
            counts = [stats["participants"], stats["tasks"], stats["open_files"]]
            if stats["participants"] == participants and counts == last:
                return stats
            last = counts
            await asyncio.sleep(0.3)
