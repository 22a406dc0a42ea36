"""The command line, the debug endpoint, and that nothing is left behind."""

import asyncio

import pytest

from peers import Peer, Tone, token
from server_process import ServerProcess, spawn

RESIDENTS, VISITS = 20, 200


@pytest.mark.parametrize("arguments", [
    ("--host", "0.0.0.0"), ("--host", "192.168.1.1"), ("--host", "example.org"),
    ("--port", "70000"), ("--departure-timeout", "soon"), ("--delay-data-ms", "-1"),
])
async def test_commandLine_thatIsWrongIsRefused(arguments):
    process = await spawn(*arguments)
    assert await asyncio.wait_for(process.wait(), 20) == 2


async def test_portInUse_isExitCodeOne(server):
    process = await spawn("--port", str(server.port))
    assert await asyncio.wait_for(process.wait(), 20) == 1


async def test_faultFlags_areOnFromTheStart():
    flags = ("--drop-rpc-responses", "--drop-rpc-acks", "alice", "--drop-rpc-acks", "bob", "--delay-data-ms", "5")
    running = await ServerProcess(*flags).start()
    try:
        assert await running.faults() == {
            "drop_rpc_responses": True, "drop_rpc_acks": ["alice", "bob"],
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


async def test_twoHundredJoinsBesideTwentyPeers_leaveNothingBehind(own_server):
    """Twenty stay, a guest comes and goes 200 times; the figures after 50 are the measure."""
    residents = [Peer(f"resident-{n}") for n in range(RESIDENTS)]
    await asyncio.gather(*(p.join(own_server, token(p.identity, "crowd")) for p in residents))
    figures = []
    for number in range(VISITS):
        guest = await Peer(f"guest-{number}").join(own_server, token(f"guest-{number}", "crowd"))
        await residents[0].event("participant_active", lambda p: p.sid == guest.me.sid)
        if number % 20 == 0:
            tone = await Tone(guest, 440).publish()
            await asyncio.gather(*(
                p.event("track_subscribed", lambda t, *_: t.sid == tone.publication.sid) for p in residents))
        await guest.leave()
        await residents[0].event("participant_disconnected", lambda p: p.identity == guest.identity)
        residents[0].events.clear()
        if number in (50, VISITS - 1):
            figures.append(await settled(own_server, RESIDENTS))
    for peer in residents:
        await peer.leave()
    empty = await settled(own_server, 0)
    before, after = figures
    assert (after["tasks"], after["open_files"]) == (before["tasks"], before["open_files"])
    assert after["memory_bytes"] - before["memory_bytes"] < 16 * 1024 * 1024
    assert empty["tasks"] < RESIDENTS and empty["open_files"] < RESIDENTS


async def settled(server: ServerProcess, participants: int) -> dict:
    """The figures once that many are left and two looks in a row agree."""
    last: list = []
    async with asyncio.timeout(15):
        while True:
            stats = await server.stats()
            counts = [stats["participants"], stats["tasks"], stats["open_files"]]
            if stats["participants"] == participants and counts == last:
                return stats
            last = counts
            await asyncio.sleep(0.3)
