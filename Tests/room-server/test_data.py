"""Streams and packets: they arrive whole, in order, and only where they should."""

import asyncio
import os

from livekit import api, rtc
from livekit.protocol import models

from peers import Peer, WAIT_SECONDS
from server_process import KEY, SECRET


def collect_text(peer: Peer, topic: str) -> asyncio.Queue:
    texts: asyncio.Queue = asyncio.Queue()

    def opened(reader, identity):
        async def read():
            await texts.put((identity, reader.info.attributes, await reader.read_all()))
        peer.do(read())
    peer.room.register_text_stream_handler(topic, opened)
    return texts


def collect_bytes(peer: Peer, topic: str) -> asyncio.Queue:
    streams: asyncio.Queue = asyncio.Queue()

    def opened(reader, identity):
        async def read():
            await streams.put((identity, reader.info.name, b"".join([chunk async for chunk in reader])))
        peer.do(read())
    peer.room.register_byte_stream_handler(topic, opened)
    return streams


async def test_textStream_reachesEveryoneElseWhole(server, join):
    alice, bob, carol = [await join(server, name) for name in ("alice", "bob", "carol")]
    heard = [collect_text(peer, "lk.chat") for peer in (bob, carol)]
    own = collect_text(alice, "lk.chat")
    await alice.sees_active("bob")
    await alice.sees_active("carol")
    text = "Zeile für Zeile 🎙 " * 8_000
    await alice.me.send_text(text, topic="lk.chat", attributes={"lk.segment_id": "s1"})
    for texts in heard:
        assert await asyncio.wait_for(texts.get(), 10) == ("alice", {"lk.segment_id": "s1"}, text)
    assert own.empty()


async def test_textStream_withDestinationReachesNobodyElse(server, join):
    alice, bob, carol = [await join(server, name) for name in ("alice", "bob", "carol")]
    for_bob, for_carol = collect_text(bob, "lk.chat"), collect_text(carol, "lk.chat")
    await alice.sees_active("bob")
    await alice.sees_active("carol")
    await alice.me.send_text("for bob", topic="lk.chat", destination_identities=["bob"])
    await alice.me.send_text("for all", topic="lk.chat")
    # Each stream is read by a task of its own, so which is read first is open.
    assert {(await asyncio.wait_for(for_bob.get(), WAIT_SECONDS))[2] for _ in range(2)} == {"for bob", "for all"}
    assert (await asyncio.wait_for(for_carol.get(), WAIT_SECONDS))[2] == "for all"
    assert for_carol.empty()


async def test_byteStream_arrivesByteForByte(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    streams = collect_bytes(bob, "files")
    await alice.sees_active("bob")
    data = os.urandom(300_000)
    writer = await alice.me.stream_bytes("noise.bin", total_size=len(data), topic="files")
    await writer.write(data)
    await writer.aclose()
    assert await asyncio.wait_for(streams.get(), 10) == ("alice", "noise.bin", data)


async def test_packets_reliableKeepTheirOrderAndLossyArrive(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")
    for number in range(200):
        await alice.me.publish_data(f"{number}", reliable=True, topic="r")
    await alice.me.publish_data("quick", reliable=False, topic="l")
    await bob.event("data_received", lambda p: p.topic == "r" and p.data == b"199")
    (lossy,) = await bob.event("data_received", lambda p: p.topic == "l")
    assert lossy.data == b"quick" and lossy.participant.identity == "alice"
    numbers = [int(a[0].data) for name, a in bob.events if name == "data_received" and a[0].topic == "r"]
    assert numbers == list(range(200))


async def test_packets_withoutTheGrantGoNowhere(server, join, room):
    mute, bob = await join(server, "mute", can_publish_data=False), await join(server, "bob")
    await mute.sees_active("bob")
    await mute.me.publish_data("no", reliable=True)
    async with asyncio.timeout(WAIT_SECONDS):
        while (await server.stats())["refused_packets"][room] == 0:
            await asyncio.sleep(0.02)
    client = api.LiveKitAPI(server.http_url, KEY, SECRET)
    allowed = models.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
    await client.room.update_participant(
        api.UpdateParticipantRequest(room=room, identity="mute", permission=allowed))
    await client.aclose()
    # On the same channel, so "no" would have come before it.
    await mute.me.publish_data("yes", reliable=True)
    await bob.event("data_received", lambda p: p.data == b"yes")
    assert [a[0].data for name, a in bob.events if name == "data_received"] == [b"yes"]


async def test_delay_holdsPacketsBackInOrder(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")
    await server.faults(delay_data_ms=400)
    loop = asyncio.get_running_loop()
    sent = loop.time()
    for number in range(20):
        await alice.me.publish_data(f"{number}", reliable=True)
    await server.faults(delay_data_ms=0)
    await alice.me.publish_data("20", reliable=True)
    await bob.event("data_received", lambda p: p.data == b"20")
    assert loop.time() - sent >= 0.4
    assert [int(a[0].data) for name, a in bob.events if name == "data_received"] == list(range(21))


async def test_packetSentAtOnceAfterActive_isNotLost(server, join):
    alice = await join(server, "alice")

    def greet(participant: rtc.RemoteParticipant) -> None:
        alice.do(alice.me.publish_data("hello", reliable=True, destination_identities=[participant.identity]))
    alice.room.on("participant_active", greet)
    for number in range(5):
        peer = await join(server, f"peer-{number}")
        await peer.event("data_received", lambda p: p.data == b"hello")
