"""Coming, going, and what everyone is told."""

import asyncio
import time

import aiohttp
import jwt as jwt_library
import pytest
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto import ffi_pb2

from peers import Peer, WAIT_SECONDS, token
from server_process import KEY, SECRET

Kind = rtc.ParticipantKind
Reason = rtc.DisconnectReason


async def test_join_showsEachTheOtherWithTokenData(server, join):
    alice = await join(server, "alice", name="Alice A.", metadata="m1", attributes={"colour": "red"})
    bob = await join(server, "bob", kind="agent")
    seen = await bob.sees_active("alice")
    assert (seen.name, seen.metadata, seen.attributes) == ("Alice A.", "m1", {"colour": "red"})
    assert seen.kind == Kind.PARTICIPANT_KIND_STANDARD
    assert (await alice.sees_active("bob")).kind == Kind.PARTICIPANT_KIND_AGENT
    assert seen.sid.startswith("PA_") and (await bob.room.sid).startswith("RM_")


async def test_join_isAnnouncedBeforeActive(server, join):
    alice = await join(server, "alice")
    await join(server, "bob")
    await alice.event("participant_active")
    names = [name for name, _ in alice.events if name in ("participant_connected", "participant_active")]
    assert names == ["participant_connected", "participant_active"]


@pytest.mark.parametrize("kind, expected", [
    ("standard", Kind.PARTICIPANT_KIND_STANDARD), ("ingress", Kind.PARTICIPANT_KIND_INGRESS),
    ("egress", Kind.PARTICIPANT_KIND_EGRESS), ("sip", Kind.PARTICIPANT_KIND_SIP),
    ("agent", Kind.PARTICIPANT_KIND_AGENT),
])
async def test_kind_comesFromTheToken(server, join, kind, expected):
    peer = await join(server, "somebody", kind=kind)
    assert peer.me.kind == expected


async def test_attributes_changeForEveryoneAndEmptyDeletes(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await bob.sees_active("alice")
    await alice.me.set_attributes({"lk.agent.state": "thinking", "other": "1"})
    changed, participant = await bob.event("participant_attributes_changed")
    assert participant.identity == "alice" and changed == {"lk.agent.state": "thinking", "other": "1"}
    await alice.me.set_attributes({"other": ""})
    await bob.until(lambda: bob.room.remote_participants["alice"].attributes == {"lk.agent.state": "thinking"})
    await alice.until(lambda: alice.me.attributes == {"lk.agent.state": "thinking"})


async def test_nameAndMetadata_changeForEveryone(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await bob.sees_active("alice")
    await alice.me.set_name("Alice B.")
    await alice.me.set_metadata("news")
    await bob.event("participant_name_changed", lambda p, old, new: p.identity == "alice" and new == "Alice B.")
    await bob.event("participant_metadata_changed", lambda p, old, new: p.identity == "alice" and new == "news")


async def set_attributes_error(peer: Peer, attributes: dict[str, str]) -> str:
    """What the core says to a change: the SDK's own `set_attributes` keeps the error to itself."""
    request = ffi_pb2.FfiRequest()
    request.set_local_attributes.local_participant_handle = peer.me._ffi_handle.handle
    for key, value in attributes.items():
        request.set_local_attributes.attributes.add(key=key, value=value)
    queue = FfiClient.instance.queue.subscribe()
    try:
        asked = FfiClient.instance.request(request).set_local_attributes
        event = await queue.wait_for(lambda e: e.set_local_attributes.async_id == asked.async_id)
        return event.set_local_attributes.error
    finally:
        FfiClient.instance.queue.unsubscribe(queue)


async def test_attributes_withoutTheGrantAreRefused(server, join):
    alice = await join(server, "alice", can_update_own_metadata=False)
    bob = await join(server, "bob")
    await bob.sees_active("alice")
    error = await asyncio.wait_for(set_attributes_error(alice, {"colour": "blue"}), WAIT_SECONDS)
    assert "does not have permission" in error
    assert bob.room.remote_participants["alice"].attributes == {}


async def test_attributes_overTheLimitAreRefused(server, join):
    alice = await join(server, "alice")
    error = await asyncio.wait_for(set_attributes_error(alice, {"long": "x" * 70_000}), WAIT_SECONDS)
    assert "attribute size exceeds limits" in error
    assert alice.me.attributes == {}


async def test_leave_isToldAtOnceAsTheClientsWish(server, join):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")
    await bob.leave()
    (gone,) = await alice.event("participant_disconnected")
    # Who is only missed is gone for another reason.
    assert gone.identity == "bob" and gone.disconnect_reason == Reason.CLIENT_INITIATED


async def test_sameIdentity_removesTheOlder(server, join, room):
    alice, first = await join(server, "alice"), await join(server, "bob")
    first_sid = (await alice.sees_active("bob")).sid
    mark = alice.mark()
    second = await join(server, "bob")
    assert await first.event("disconnected") == (Reason.DUPLICATE_IDENTITY,)
    (gone,) = await alice.event("participant_disconnected", since=mark)
    assert gone.sid == first_sid
    await alice.event("participant_active", lambda p: p.sid == second.me.sid, since=mark)
    assert [p.sid for p in alice.room.remote_participants.values()] == [second.me.sid]


async def test_hiddenParticipant_isNotShown(server, join):
    alice = await join(server, "alice")
    ghost = await join(server, "ghost", hidden=True)
    await ghost.sees_active("alice")
    await join(server, "bob")
    await alice.sees_active("bob")
    assert set(alice.room.remote_participants) == {"bob"}


def raw_token(
    identity: str = "alice", room: str = "refused", key: str = KEY, secret: str = SECRET,
    lifetime: float = 60, room_join: bool = True, algorithm: str = "HS256",
) -> str:
    """A token that LiveKit's own builder might refuse to make."""
    claims = {"iss": key, "sub": identity, "exp": int(time.time() + lifetime),
              "video": {"room": room, "roomJoin": room_join}}
    return jwt_library.encode(claims, secret, algorithm=algorithm)


@pytest.mark.parametrize("wrong, expected", [
    ({"room": ""}, "no room"),
    ({"algorithm": "none", "secret": None}, "HS256"),
    ({"algorithm": "HS512", "secret": SECRET * 2}, "HS256"),
    ({"lifetime": -60}, "expired"),
    ({"secret": "another-secret-that-is-long-enough-too"}, "wrong signature"),
    ({"key": "nobody"}, "unknown API key"),
    ({"room_join": False}, "roomJoin"),
    ({"identity": ""}, "no identity"),
])
async def test_token_thatIsWrongIsRefusedInWords(server, wrong, expected):
    jwt = raw_token(**wrong)
    with pytest.raises(rtc.ConnectError, match=f"401.*{expected}"):
        await Peer("alice").join(server, jwt)
    async with aiohttp.ClientSession() as session:
        for path in ("/rtc/validate", "/rtc/v1/validate"):
            async with session.get(server.http_url + path, headers={"Authorization": f"Bearer {jwt}"}) as response:
                assert response.status == 401 and expected in await response.text()


async def test_token_thatIsRightValidatesFromHeaderAndQuery(server):
    jwt = token("alice", "valid")
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.http_url}/rtc/validate?access_token={jwt}") as response:
            assert (response.status, await response.text()) == (200, "success")
        async with session.get(f"{server.http_url}/rtc/validate") as response:
            assert response.status == 401 and "no access token" in await response.text()
        async with session.get(server.http_url) as response:
            assert (response.status, await response.text()) == (200, "OK")


@pytest.mark.parametrize("query", ["", "join_request=%21%21", "join_request=AAAA", "join_request=CAESAQE"])
async def test_joinRequest_thatCannotBeReadIsRefused(server, query):
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {token('alice', 'garbage')}"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{server.url}/rtc/v1?{query}", headers=headers)
    assert refused.value.status == 400
