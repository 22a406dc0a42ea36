"""LiveKit's server API for rooms: Twirp over HTTP, JSON or protobuf."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from livekit.protocol import models, room as api, rtc

from . import requests
from .media import PublishedTrack
from .participants import Participant
from .rooms import Reason, Room, RoomFullError, Rooms
from .settings import MAX_METADATA_BYTES, MAX_SIGNAL_FRAME_BYTES
from .tokens import Grants, TokenError, verify

_STATUS = {
    "malformed": 400, "invalid_argument": 400, "unauthenticated": 401, "permission_denied": 403,
    "not_found": 404, "bad_route": 404, "failed_precondition": 412, "resource_exhausted": 429,
}


class TwirpError(Exception):
    """An answer other than success: one of Twirp's codes and a text for the caller."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def response(self) -> web.Response:
        return web.json_response({"code": self.code, "msg": self.message}, status=_STATUS[self.code])


class ServerAPI:
    """The methods of `livekit.RoomService`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._methods: dict[str, tuple[type[Message], Callable[[Grants, object], Message]]] = {
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
        }

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/twirp/livekit.RoomService/{method}", self.call)]

    async def call(self, request: web.Request) -> web.Response:
        """Decodes a call, checks the token, carries it out and encodes the answer in the same form."""
        try:
            method = self._methods.get(request.match_info["method"])
            if method is None:
                raise TwirpError("bad_route", "this development server does not know the method")
            grants = self._grants(request)
            message_type, function = method
            message = await _decode(request, message_type)
            return _encode(request, function(grants, message))
        except TwirpError as error:
            return error.response()

    def _grants(self, request: web.Request) -> Grants:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        try:
            return verify(token, self._rooms.settings.api_key, self._rooms.settings.api_secret)
        except TokenError as error:
            raise TwirpError("unauthenticated", str(error)) from error

    # Rooms

    def _create_room(self, grants: Grants, wanted: api.CreateRoomRequest) -> models.Room:
        _require(grants, "roomCreate")
        if not wanted.name:
            raise TwirpError("invalid_argument", "no room name")
        _check_metadata(wanted.metadata)
        try:
            room = self._rooms.open(wanted.name)
        except RoomFullError as error:
            raise TwirpError("resource_exhausted", "too many rooms") from error
        room.metadata = wanted.metadata or room.metadata
        room.max_participants = wanted.max_participants or room.max_participants
        room.set_empty_timeouts(wanted.empty_timeout, wanted.departure_timeout)
        return room.info()

    def _list_rooms(self, grants: Grants, wanted: api.ListRoomsRequest) -> api.ListRoomsResponse:
        _require(grants, "roomList")
        names = set(wanted.names)
        rooms = [r.info() for r in self._rooms.by_name.values() if not names or r.name in names]
        return api.ListRoomsResponse(rooms=rooms)

    def _delete_room(self, grants: Grants, wanted: api.DeleteRoomRequest) -> api.DeleteRoomResponse:
        _require(grants, "roomCreate")
        self._room(wanted.room).end(Reason.ROOM_DELETED)
        return api.DeleteRoomResponse()

    def _update_room_metadata(self, grants: Grants, wanted: api.UpdateRoomMetadataRequest) -> models.Room:
        room = self._administered(grants, wanted.room)
        _check_metadata(wanted.metadata)
        room.metadata = wanted.metadata
        room.broadcast_room()
        return room.info()

    # Participants

    def _list_participants(
        self, grants: Grants, wanted: api.ListParticipantsRequest
    ) -> api.ListParticipantsResponse:
        _require_admin(grants, wanted.room)
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

    def _room(self, name: str) -> Room:
        room = self._rooms.by_name.get(name)
        if room is None:
            raise TwirpError("not_found", "requested room does not exist")
        return room

    def _administered(self, grants: Grants, name: str) -> Room:
        _require_admin(grants, name)
        return self._room(name)

    def _participant(self, grants: Grants, room_name: str, identity: str) -> Participant:
        participant = self._administered(grants, room_name).participants.get(identity)
        if participant is None:
            raise TwirpError("not_found", "participant does not exist")
        return participant


def _require(grants: Grants, grant: str) -> None:
    if not grants.allows(grant):
        raise TwirpError("permission_denied", f"the token does not have {grant}")


def _require_admin(grants: Grants, room: str) -> None:
    _require(grants, "roomAdmin")
    if not room or grants.room != room:
        raise TwirpError("permission_denied", "the token is for another room")


def _check_metadata(metadata: str) -> None:
    if len(metadata.encode("utf-8")) > MAX_METADATA_BYTES:
        raise TwirpError("invalid_argument", "metadata size exceeds limits")


async def _decode(request: web.Request, message_type: type[Message]) -> Message:
    body = await request.content.read(MAX_SIGNAL_FRAME_BYTES + 1)
    while not request.content.at_eof() and len(body) <= MAX_SIGNAL_FRAME_BYTES:
        body += await request.content.read(MAX_SIGNAL_FRAME_BYTES + 1 - len(body))
    if len(body) > MAX_SIGNAL_FRAME_BYTES:
        raise TwirpError("invalid_argument", "the request is too large")
    message = message_type()
    try:
        if request.content_type == "application/json":
            json_format.Parse(body or b"{}", message, ignore_unknown_fields=True)
        elif request.content_type == "application/protobuf":
            message.ParseFromString(body)
        else:
            raise TwirpError("bad_route", "the content type must be application/json or application/protobuf")
    except (json_format.ParseError, DecodeError, UnicodeDecodeError) as error:
        raise TwirpError("malformed", "the request cannot be read") from error
    return message


def _encode(request: web.Request, message: Message) -> web.Response:
    if request.content_type == "application/protobuf":
        return web.Response(body=message.SerializeToString(), content_type="application/protobuf")
    text = json_format.MessageToJson(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=None
    )
    return web.Response(text=text, content_type="application/json")
