"""Twirp over HTTP, JSON or protobuf: what LiveKit's server APIs are spoken in."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from .rooms import Room, RoomFullError, Rooms
from .settings import MAX_METADATA_BYTES, MAX_SIGNAL_FRAME_BYTES, Settings
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


Method = tuple[type[Message], Callable[[Grants, object], Message]]


class TwirpService:
    """One service: its methods by name, each with the type of its request and a function that answers it."""

    def __init__(self, name: str, settings: Settings, methods: dict[str, Method]) -> None:
        self._name, self._settings, self._methods = name, settings, methods

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"/twirp/livekit.{self._name}/{{method}}", self.call)]

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
            return verify(token, self._settings.api_key, self._settings.api_secret)
        except TokenError as error:
            raise TwirpError("unauthenticated", str(error)) from error


def require(grants: Grants, grant: str) -> None:
    if not grants.allows(grant):
        raise TwirpError("permission_denied", f"the token does not have {grant}")


def require_admin(grants: Grants, room: str) -> None:
    require(grants, "roomAdmin")
    if not room or grants.room != room:
        raise TwirpError("permission_denied", "the token is for another room")


def check_metadata(metadata: str) -> None:
    if len(metadata.encode("utf-8")) > MAX_METADATA_BYTES:
        raise TwirpError("invalid_argument", "metadata size exceeds limits")


def open_room(rooms: Rooms, name: str) -> Room:
    """The room of that name, made if there is none."""
    try:
        return rooms.open(name)
    except RoomFullError as error:
        raise TwirpError("resource_exhausted", "too many rooms") from error


def find_room(rooms: Rooms, name: str) -> Room:
    room = rooms.by_name.get(name)
    if room is None:
        raise TwirpError("not_found", "requested room does not exist")
    return room


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
