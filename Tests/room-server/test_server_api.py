"""The server API over Twirp: with LiveKit's own client (protobuf), and in JSON."""

import asyncio

import aiohttp
import pytest
from livekit import api, rtc
from livekit.protocol import models

from peers import Ear, Peer, Tone, WAIT_SECONDS, token
from server_process import KEY, SECRET

Reason = rtc.DisconnectReason


@pytest.fixture
async def service(server):
    client = api.LiveKitAPI(server.http_url, KEY, SECRET)
    yield client.room
    await client.aclose()


async def twirp(server, method: str, body: object, **grants) -> tuple[int, dict]:
    jwt = grants.pop("jwt", None) or token("admin", grants.pop("room", ""), room_join=False, **grants)
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{server.http_url}/twirp/livekit.RoomService/{method}", json=body,
                                headers={"Authorization": f"Bearer {jwt}"}) as response:
            return response.status, await response.json()


async def test_createRoom_listsItAndKeepsItsMetadata(service, room):
    made = await service.create_room(api.CreateRoomRequest(name=room, metadata="m", empty_timeout=60))
    assert made.sid.startswith("RM_") and (made.name, made.metadata, made.empty_timeout) == (room, "m", 60)
    again = await service.create_room(api.CreateRoomRequest(name=room))
    assert (again.sid, again.metadata) == (made.sid, "m")
    listed = await service.list_rooms(api.ListRoomsRequest(names=[room]))
    assert [r.sid for r in listed.rooms] == [made.sid]


async def test_participants_areListedWithStateKindAndTracks(server, service, join, room):
    alice = await join(server, "alice", kind="agent", attributes={"a": "1"})
    bob = await join(server, "bob")
    await bob.sees_active("alice")
    await Tone(alice, 440).publish()
    await bob.event("track_subscribed")
    listed = (await service.list_participants(api.ListParticipantsRequest(room=room))).participants
    assert sorted(p.identity for p in listed) == ["alice", "bob"]
    one = await service.get_participant(api.RoomParticipantIdentity(room=room, identity="alice"))
    assert one.state == models.ParticipantInfo.State.ACTIVE and one.kind == models.ParticipantInfo.Kind.AGENT
    assert dict(one.attributes) == {"a": "1"} and one.is_publisher
    assert [t.source for t in one.tracks] == [models.TrackSource.MICROPHONE]
    info = (await service.list_rooms(api.ListRoomsRequest(names=[room]))).rooms[0]
    assert (info.num_participants, info.num_publishers) == (2, 1)


async def test_removeParticipant_tellsItAndTheOthers(server, service, join, room):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")
    await service.remove_participant(api.RoomParticipantIdentity(room=room, identity="bob"))
    assert await bob.event("disconnected") == (Reason.PARTICIPANT_REMOVED,)
    (gone,) = await alice.event("participant_disconnected")
    assert gone.identity == "bob" and gone.disconnect_reason == Reason.PARTICIPANT_REMOVED


async def test_deleteRoom_endsItForEveryone(server, service, join, room):
    peers = [await join(server, "alice"), await join(server, "bob")]
    await service.delete_room(api.DeleteRoomRequest(room=room))
    for peer in peers:
        assert await peer.event("disconnected") == (Reason.ROOM_DELETED,)
    assert not (await service.list_rooms(api.ListRoomsRequest(names=[room]))).rooms


async def test_emptyRoom_isClosedAfterItsTimeout(server, service, room):
    peer = await Peer("alice").join(server, token("alice", room))
    assert (await service.list_rooms(api.ListRoomsRequest(names=[room]))).rooms
    await peer.leave()

    async def gone() -> bool:
        return not (await service.list_rooms(api.ListRoomsRequest(names=[room]))).rooms
    async with asyncio.timeout(WAIT_SECONDS):
        while not await gone():
            await asyncio.sleep(0.1)


async def test_muteTrack_mutesAtThePublisherAndForTheOthers(server, service, join, room):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    tone = await Tone(alice, 440).publish()
    track, _, _ = await bob.event("track_subscribed")
    ear = Ear(track)
    assert await ear.hears(440)
    request = api.MuteRoomTrackRequest(room=room, identity="alice", track_sid=tone.publication.sid, muted=True)
    assert (await service.mute_published_track(request)).track.muted
    await bob.event("track_muted")
    await alice.event("track_muted")
    assert await ear.hears_silence()
    request.muted = False
    with pytest.raises(api.TwirpError, match="remote unmute not enabled"):
        await service.mute_published_track(request)
    await ear.close()


async def test_updateParticipant_changesProfileAndRights(server, service, join, room):
    alice, bob = await join(server, "alice", can_update_own_metadata=False), await join(server, "bob")
    await bob.sees_active("alice")
    request = api.UpdateParticipantRequest(room=room, identity="alice", name="A", metadata="m", attributes={"k": "v"})
    await service.update_participant(request)
    await bob.until(lambda: bob.room.remote_participants["alice"].attributes == {"k": "v"})
    assert (bob.room.remote_participants["alice"].name, bob.room.remote_participants["alice"].metadata) == ("A", "m")
    allowed = models.ParticipantPermission(
        can_subscribe=True, can_publish=True, can_publish_data=True, can_update_metadata=True)
    await service.update_participant(
        api.UpdateParticipantRequest(room=room, identity="alice", permission=allowed))
    await alice.me.set_attributes({"own": "1"})
    await bob.until(lambda: bob.room.remote_participants["alice"].attributes == {"k": "v", "own": "1"})


async def test_updateSubscriptions_closesAnEarAndOpensIt(server, service, join, room):
    """The core tells its user nothing of an unsubscription by the server: the sound just ends."""
    alice, bob = await join(server, "alice"), await join(server, "bob")
    tone = await Tone(alice, 440).publish()
    track, _, _ = await bob.event("track_subscribed")
    ear = Ear(track)
    assert await ear.hears(440)
    request = api.UpdateSubscriptionsRequest(room=room, identity="bob", track_sids=[tone.publication.sid])
    request.subscribe = False
    await service.update_subscriptions(request)
    assert await ear.hears_nothing_more()
    await ear.close()
    mark = bob.mark()
    request.subscribe = True
    await service.update_subscriptions(request)
    track, _, _ = await bob.event("track_subscribed", since=mark)
    ear = Ear(track)
    assert await ear.hears(440)
    await ear.close()


async def test_sendData_reachesTheNamedParticipant(server, service, join, room):
    alice, bob = await join(server, "alice"), await join(server, "bob")
    await alice.sees_active("bob")
    for identities, data in ((["bob"], b"for bob"), ([], b"for all")):
        await service.send_data(api.SendDataRequest(
            room=room, data=data, kind=models.DataPacket.Kind.RELIABLE,
            destination_identities=identities, topic="news"))
    (packet,) = await bob.event("data_received", lambda p: p.data == b"for bob")
    assert packet.participant is None and packet.topic == "news"
    await alice.event("data_received", lambda p: p.data == b"for all")
    assert [a[0].data for name, a in alice.events if name == "data_received"] == [b"for all"]


async def test_roomMetadata_isToldToEveryone(server, service, join, room):
    alice = await join(server, "alice")
    await service.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="rules"))
    await alice.event("room_metadata_changed", lambda old, new: new == "rules")


async def test_json_hasProtoNamesAndDefaults(server, room):
    status, made = await twirp(server, "CreateRoom", {"name": room, "emptyTimeout": 30}, room_create=True)
    assert status == 200 and (made["name"], made["empty_timeout"], made["num_participants"]) == (room, 30, 0)
    status, listed = await twirp(server, "ListRooms", {}, room_list=True)
    assert status == 200 and made["sid"] in [r["sid"] for r in listed["rooms"]]


@pytest.mark.parametrize("method, body, grants", [
    ("CreateRoom", {"name": "x"}, {"room_list": True}),
    ("ListRooms", {}, {"room_create": True}),
    ("DeleteRoom", {"room": "x"}, {"room_admin": True, "room": "x"}),
    ("ListParticipants", {"room": "x"}, {"room_admin": True, "room": "y"}),
    ("ListParticipants", {"room": "x"}, {"room_create": True, "room": "x"}),
    ("RemoveParticipant", {"room": "x", "identity": "a"}, {"room_admin": True, "room": "y"}),
    ("SendData", {"room": "x"}, {"room_admin": True}),
])
async def test_grants_thatDoNotFitAreRefused(server, method, body, grants):
    status, answer = await twirp(server, method, body, **grants)
    assert (status, answer["code"]) == (403, "permission_denied")


async def test_errors_haveTwirpsCodes(server):
    admin = {"room_admin": True, "room": "absent"}
    assert (await twirp(server, "GetParticipant", {"room": "absent", "identity": "a"}, **admin))[0] == 404
    status, answer = await twirp(server, "ListRooms", {}, jwt="nonsense")
    assert (status, answer["code"]) == (401, "unauthenticated")
    assert (await twirp(server, "NoSuchMethod", {}, room_list=True))[1]["code"] == "bad_route"
    assert (await twirp(server, "CreateRoom", {}, room_create=True))[1]["code"] == "invalid_argument"
    assert (await twirp(server, "CreateRoom", {"name": 7}, room_create=True))[1]["code"] == "malformed"
