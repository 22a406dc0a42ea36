"""Broken links: resume, the full reconnect, and a server that was killed."""

import asyncio
import signal

import pytest
from livekit import rtc

from peers import Ear, Tone
from server_process import ServerProcess

Reason = rtc.DisconnectReason


async def echo(data: rtc.RpcInvocationData) -> str:
    return data.payload


async def works(alice, bob) -> None:
    """RPC goes both ways."""
    for caller, other in ((alice, bob), (bob, alice)):
        answer = await asyncio.wait_for(
            caller.me.perform_rpc(destination_identity=other.identity, method="echo", payload="still"), 10)
        assert answer == "still"


@pytest.fixture
async def pair(join):
    async def enter(server):
        alice, bob = await join(server, "alice"), await join(server, "bob")
        await alice.sees_active("bob")
        await bob.sees_active("alice")
        alice.me.register_rpc_method("echo", echo)
        bob.me.register_rpc_method("echo", echo)
        return alice, bob
    return enter


async def test_resume_keepsTheParticipantItsAudioAndItsData(server, pair):
    alice, bob = await pair(server)
    await Tone(alice, 440).publish()
    track, _, _ = await bob.event("track_subscribed")
    ear = Ear(track)
    assert await ear.hears(440)
    sids = alice.me.sid, bob.me.sid
    for peer in (alice, bob):
        mark = peer.mark()
        assert (await server.faults(kill_signalling={"identity": peer.identity}))["killed"] == 1
        await peer.event("reconnecting", since=mark)
        await peer.event("reconnected", since=mark)
    assert (alice.me.sid, bob.me.sid) == sids
    assert not [name for peer in (alice, bob) for name, _ in peer.events if name == "participant_disconnected"]
    assert await ear.hears(440)
    await works(alice, bob)
    # Signalling works on the new link too.
    await alice.me.set_attributes({"after": "resume"})
    await bob.event("participant_attributes_changed", lambda changed, _: changed == {"after": "resume"})
    await ear.close()


async def test_resume_tellsWhatChangedMeanwhile(server, pair, join):
    alice, bob = await pair(server)
    mark = alice.mark()
    await server.faults(kill_signalling={"identity": "alice"})
    await bob.me.set_attributes({"while": "away"})
    await alice.event("reconnected", since=mark)
    await alice.until(lambda: alice.room.remote_participants["bob"].attributes == {"while": "away"})


async def test_resumeRefused_joinsFromTheStartAndPublishesAgain(server, pair):
    alice, bob = await pair(server)
    await Tone(alice, 440).publish()
    await bob.event("track_subscribed")
    await server.faults(refuse_resume=["alice"])
    sid, marks = alice.me.sid, (alice.mark(), bob.mark())
    await server.faults(kill_signalling={"identity": "alice"})
    await alice.event("reconnected", since=marks[0])
    assert alice.me.sid != sid
    track, _, _ = await bob.event("track_subscribed", since=marks[1])
    ear = Ear(track)
    assert await ear.hears(440)
    await alice.sees_active("bob")
    await bob.until(lambda: bob.room.remote_participants["alice"].sid == alice.me.sid)
    await works(alice, bob)
    await ear.close()


async def test_killedServer_getsItsClientsBackAfterANewStart(own_server, pair):
    alice, bob = await pair(own_server)
    await Tone(alice, 440).publish()
    await bob.event("track_subscribed")
    marks = alice.mark(), bob.mark()
    await own_server.kill()
    await asyncio.gather(alice.event("reconnecting", since=marks[0]), bob.event("reconnecting", since=marks[1]))
    port = own_server.port
    await own_server.start()
    assert own_server.port == port
    await alice.event("reconnected", since=marks[0])
    await bob.event("reconnected", since=marks[1])
    await alice.sees_active("bob")
    await bob.sees_active("alice")
    track, _, _ = await bob.event("track_subscribed", since=marks[1])
    ear = Ear(track)
    assert await ear.hears(440)
    await works(alice, bob)
    await ear.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stoppedServer_saysSoToItsClientsAndExitsWithZero(own_server, join, number):
    alice = await join(own_server, "alice")
    assert await own_server.stop(number) == 0
    assert await alice.event("disconnected") == (Reason.SERVER_SHUTDOWN,)


async def test_participantThatDoesNotComeBack_isGoneAfterTheDepartureTimeout(server, join, room):
    """A process that dies: its socket closes, and nothing resumes."""
    alice = await join(server, "alice")
    victim = await dying_client(server, room)
    await alice.sees_active("victim")
    loop = asyncio.get_running_loop()
    mark, killed = alice.mark(), loop.time()
    victim.kill()
    await victim.wait()
    (gone,) = await alice.event("participant_disconnected", since=mark)
    assert gone.identity == "victim" and loop.time() - killed >= 0.9


async def dying_client(server: ServerProcess, room: str) -> asyncio.subprocess.Process:
    import sys
    from peers import token
    code = (
        "import asyncio,sys\nfrom livekit import rtc\n"
        "async def main():\n room=rtc.Room()\n await room.connect(sys.argv[1],sys.argv[2])\n"
        " await asyncio.sleep(60)\nasyncio.run(main())"
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, server.url, token("victim", room), stderr=asyncio.subprocess.DEVNULL)
