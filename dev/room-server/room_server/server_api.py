"""LiveKit's server API for rooms: what an administrator may ask for."""

from __future__ import annotations

from livekit.protocol import models, room as api, rtc

from . import requests
from .media import PublishedTrack
from .participants import Participant
from .rooms import Reason, Room, Rooms
from .tokens import Grants
from .twirp import TwirpError, TwirpService, check_metadata, find_room, open_room, require, require_admin


class ServerAPI(TwirpService):
    """The methods of `livekit.RoomService`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        super().__init__("RoomService", rooms.settings, {
            "CreateRoom": (api.CreateRoomRequest, self._create_room),
            "ListRooms": (api.ListRoomsRequest, self._list_rooms),
            "DeleteRoom": (api.DeleteRoomRequest, self._delete_room),
            "ListParticipants": (api.ListParticipantsRequest, self._list_participants),
            "GetParticipant": (api.RoomParticipantIdentity, self._get_participant),
            "RemoveParticipant": (api.RoomParticipantIdentity, self._remove_participant),
            "MutePublishedTrack": (api.MuteRoomTrackRequest, self._mute_track),
            "UpdateParticipant": (api.UpdateParticipantRequest, self._update_participant),
            "UpdateSubscriptions": (api.UpdateSubscriptionsRequest, self._update_subscriptions),
            "SendData": (api.SendDataRequest, self._send_data),
            "UpdateRoomMetadata": (api.UpdateRoomMetadataRequest, self._update_room_metadata),
        })

    # Rooms

    def _create_room(self, grants: Grants, wanted: api.CreateRoomRequest) -> models.Room:
        require(grants, "roomCreate")
        if not wanted.name:
            raise TwirpError("invalid_argument", "no room name")
        check_metadata(wanted.metadata)
        room = open_room(self._rooms, wanted.name)
        room.metadata = wanted.metadata or room.metadata
        room.max_participants = wanted.max_participants or room.max_participants
        room.set_empty_timeouts(wanted.empty_timeout, wanted.departure_timeout)
        return room.info()

    def _list_rooms(self, grants: Grants, wanted: api.ListRoomsRequest) -> api.ListRoomsResponse:
        require(grants, "roomList")
        names = set(wanted.names)
        rooms = [r.info() for r in self._rooms.by_name.values() if not names or r.name in names]
        return api.ListRoomsResponse(rooms=rooms)

    def _delete_room(self, grants: Grants, wanted: api.DeleteRoomRequest) -> api.DeleteRoomResponse:
        require(grants, "roomCreate")
        find_room(self._rooms, wanted.room).end(Reason.ROOM_DELETED)
        return api.DeleteRoomResponse()

    def _update_room_metadata(self, grants: Grants, wanted: api.UpdateRoomMetadataRequest) -> models.Room:
        room = self._administered(grants, wanted.room)
        check_metadata(wanted.metadata)
        room.metadata = wanted.metadata
        room.broadcast_room()
        return room.info()

    # Participants

    def _list_participants(
        self, grants: Grants, wanted: api.ListParticipantsRequest
    ) -> api.ListParticipantsResponse:
        require_admin(grants, wanted.room)
        room = self._rooms.by_name.get(wanted.room)
        participants = room.participants.values() if room else []
        return api.ListParticipantsResponse(participants=[p.info() for p in participants])

    def _get_participant(self, grants: Grants, wanted: api.RoomParticipantIdentity) -> models.ParticipantInfo:
        return self._participant(grants, wanted.room, wanted.identity).info()

    def _remove_participant(
        self, grants: Grants, wanted: api.RoomParticipantIdentity
    ) -> api.RemoveParticipantResponse:
        participant = self._participant(grants, wanted.room, wanted.identity)
        participant.room.remove(participant, Reason.PARTICIPANT_REMOVED, tell=True)
        return api.RemoveParticipantResponse()

    def _update_participant(self, grants: Grants, wanted: api.UpdateParticipantRequest) -> models.ParticipantInfo:
        participant = self._participant(grants, wanted.room, wanted.identity)
        exceeded = participant.change_profile(wanted.name, wanted.metadata, dict(wanted.attributes))
        if exceeded is not None:
            raise TwirpError("invalid_argument", exceeded)
        if wanted.HasField("permission"):
            self._change_permission(participant, wanted.permission)
        participant.room.announce(participant)
        return participant.info()

    def _change_permission(self, participant: Participant, permission: models.ParticipantPermission) -> None:
        participant.permission.CopyFrom(permission)
        if not permission.can_publish:
            for track in list(participant.tracks.values()):
                participant.room.unpublish(track)
        if not permission.can_subscribe:
            for track_sid in list(participant.subscriptions):
                participant.room.unsubscribe(participant, track_sid)
        elif participant.auto_subscribe:
            for other in list(participant.room.participants.values()):
                for track in list(other.tracks.values()) if other is not participant else []:
                    participant.room.subscribe(participant, track)

    # Tracks and data

    def _mute_track(self, grants: Grants, wanted: api.MuteRoomTrackRequest) -> api.MuteRoomTrackResponse:
        participant = self._participant(grants, wanted.room, wanted.identity)
        track = participant.tracks.get(wanted.track_sid)
        if track is None:
            raise TwirpError("not_found", "track is not found")
        if not wanted.muted and track.info.muted:
            raise TwirpError("failed_precondition", "remote unmute not enabled")
        self._mute(track, wanted.muted)
        return api.MuteRoomTrackResponse(track=track.info)

    def _mute(self, track: PublishedTrack, muted: bool) -> None:
        message = rtc.MuteTrackRequest(sid=track.sid, muted=muted)
        track.publisher.send(rtc.SignalResponse(mute=message))
        track.publisher.room.mute(track, muted)

    def _update_subscriptions(
        self, grants: Grants, wanted: api.UpdateSubscriptionsRequest
    ) -> api.UpdateSubscriptionsResponse:
        participant = self._participant(grants, wanted.room, wanted.identity)
        named = list(wanted.track_sids) + [sid for p in wanted.participant_tracks for sid in p.track_sids]
        requests.set_subscribed(participant, named, wanted.subscribe)
        return api.UpdateSubscriptionsResponse()

    def _send_data(self, grants: Grants, wanted: api.SendDataRequest) -> api.SendDataResponse:
        room = self._administered(grants, wanted.room)
        user = models.UserPacket(
            payload=wanted.data,
            destination_sids=wanted.destination_sids,
            destination_identities=wanted.destination_identities,
            nonce=wanted.nonce,
        )
        if wanted.HasField("topic"):
            user.topic = wanted.topic
        packet = models.DataPacket(
            kind=wanted.kind, user=user, destination_identities=wanted.destination_identities
        )
        room.data.send(packet, None)
        return api.SendDataResponse()

    # Looking up

    def _administered(self, grants: Grants, name: str) -> Room:
        require_admin(grants, name)
        return find_room(self._rooms, name)

    def _participant(self, grants: Grants, room_name: str, identity: str) -> Participant:
        participant = self._administered(grants, room_name).participants.get(identity)
        if participant is None:
            raise TwirpError("not_found", "participant does not exist")
        return participant
