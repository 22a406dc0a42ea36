"""The WebSocket that a client joins, resumes and talks over."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import zlib

from aiohttp import WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from . import COMPATIBLE_VERSION, requests
from .participants import Participant
from .rooms import Reason, RoomFullError, Rooms
from .settings import MAX_SIGNAL_FRAME_BYTES, PING_INTERVAL_SECONDS, PING_TIMEOUT_SECONDS
from .tokens import Grants, TokenError, verify

log = logging.getLogger(__name__)

MAX_QUEUED_MESSAGES = 5_000
MAX_JOIN_REQUEST_BYTES = 1 << 20
FLUSH_TIMEOUT_SECONDS = 2
_CORS = {"Access-Control-Allow-Origin": "*"}


class SocketLink:
    """A WebSocket with one writer, so that messages keep their order."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED_MESSAGES)
        self._closed = False
        self._writer = asyncio.create_task(self._write())

    def send(self, message: rtc.SignalResponse) -> bool:
        """Queues a message; False when the link is closed. A client that does not read loses its link."""
        if self._closed:
            return False
        try:
            self._queue.put_nowait(message.SerializeToString())
        except asyncio.QueueFull:
            log.warning("a client does not read its signalling messages, its link is closed")
            self.abort()
            return False
        return True

    def close(self) -> None:
        """Sends what is queued, then closes."""
        if not self._closed:
            self._closed = True
            try:
                self._queue.put_nowait(None)
            except asyncio.QueueFull:
                self.abort()

    def abort(self) -> None:
        """Breaks the connection without a goodbye, as a lost network does."""
        self._closed = True
        self._writer.cancel()
        transport = self._socket._req.transport if self._socket._req is not None else None
        if transport is not None:
            transport.abort()

    async def finish(self) -> None:
        """Waits until the last message is out and the socket is closed."""
        self.close()
        _, unfinished = await asyncio.wait([self._writer], timeout=FLUSH_TIMEOUT_SECONDS)
        if unfinished:
            self.abort()

    async def _write(self) -> None:
        try:
            while (data := await self._queue.get()) is not None:
                await self._socket.send_bytes(data)
            await self._socket.close()
        except (ConnectionError, RuntimeError):
            self._closed = True


class Signalling:
    """The endpoints under `/rtc`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rtc/v1", self.connect),
            web.get("/rtc", self._refuse_two_connections),
            web.get("/rtc/v1/validate", self.validate),
            web.get("/rtc/validate", self.validate),
        ]

    async def validate(self, request: web.Request) -> web.Response:
        """Says why a join failed: clients ask here after a refused handshake."""
        try:
            self._grants(request)
        except TokenError as error:
            return web.Response(status=401, text=str(error), headers=_CORS)
        return web.Response(text="success", headers=_CORS)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Joins a room, or resumes where the join request asks for it."""
        try:
            grants = self._grants(request)
            wanted = _join_request(request.query.get("join_request", ""))
        except TokenError as error:
            return web.Response(status=401, text=str(error), headers=_CORS)
        except ValueError as error:
            return web.Response(status=400, text=str(error), headers=_CORS)
        socket = web.WebSocketResponse(max_msg_size=MAX_SIGNAL_FRAME_BYTES, timeout=FLUSH_TIMEOUT_SECONDS)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="this is a WebSocket endpoint", headers=_CORS)
        await socket.prepare(request)
        link = SocketLink(socket)
        try:
            participant = self._resume(grants, wanted, link) if wanted.reconnect else None
            if not wanted.reconnect:
                participant = await self._join(grants, wanted, link)
            if participant is not None:
                await self._serve(participant, link, socket)
        finally:
            await link.finish()
        return socket

    async def _refuse_two_connections(self, request: web.Request) -> web.Response:
        text = "this development server takes /rtc/v1 only (single peer connection)"
        return web.Response(status=400, text=text, headers=_CORS)

    def _grants(self, request: web.Request) -> Grants:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ") if header else request.query.get("access_token", "")
        settings = self._rooms.settings
        grants = verify(token.strip(), settings.api_key, settings.api_secret)
        if not grants.allows("roomJoin"):
            raise TokenError("invalid token: it does not allow to join a room (video.roomJoin)")
        if not grants.room or not grants.identity:
            raise TokenError("invalid token: it names no room or no identity")
        return grants

    async def _join(self, grants: Grants, wanted: rtc.JoinRequest, link: SocketLink) -> Participant | None:
        participant = None
        try:
            participant = await self._rooms.new_participant(grants, wanted)
            participant.room.admit(participant)
        except RoomFullError:
            link.send(_leave(rtc.LeaveRequest.Action.DISCONNECT, Reason.JOIN_FAILURE))
            if participant is not None:
                await participant.transport.close()
            return None
        participant.link = link
        participant.send(rtc.SignalResponse(join=_join_response(participant)))
        participant.room.announce(participant)
        for track in wanted.add_track_requests:
            requests.add_track(participant, track)
        if wanted.publisher_offer.sdp:
            requests.offer(participant, wanted.publisher_offer)
        return participant

    def _resume(self, grants: Grants, wanted: rtc.JoinRequest, link: SocketLink) -> Participant | None:
        room = self._rooms.by_name.get(grants.room)
        participant = room.participants.get(grants.identity) if room else None
        refused = self._rooms.faults.refuse_resume.matches(grants.identity, grants.kind)
        known = participant is not None and wanted.participant_sid in ("", participant.sid)
        if participant is None or not known or refused or participant.transport.failed:
            # What LiveKit answers to a resume of somebody it does not know:
            # the client then joins from the start.
            link.send(_leave(rtc.LeaveRequest.Action.RECONNECT, Reason.STATE_MISMATCH))
            return None
        participant.room.resume(participant, link)
        response = rtc.ReconnectResponse(server_info=_server_info(), last_message_seq=participant.last_sequence)
        participant.send(rtc.SignalResponse(reconnect=response))
        visible = [p for p in participant.room.participants.values() if p is participant or not p.hidden]
        participant.send(participant.room.update_message(visible))
        participant.send(rtc.SignalResponse(room_update=rtc.RoomUpdate(room=participant.room.info())))
        return participant

    async def _serve(self, participant: Participant, link: SocketLink, socket: web.WebSocketResponse) -> None:
        try:
            while not participant.left and participant.link is link:
                frame = await socket.receive(timeout=PING_TIMEOUT_SECONDS)
                if frame.type != WSMsgType.BINARY:
                    break
                requests.handle(participant, rtc.SignalRequest.FromString(frame.data))
        except TimeoutError:
            log.info("a client has been silent for %d s", PING_TIMEOUT_SECONDS)
        except DecodeError:
            log.info("a client sent a signalling message that cannot be read")
        finally:
            participant.room.link_lost(participant, link)


def _join_request(text: str) -> rtc.JoinRequest:
    """Decodes the `join_request` parameter; raises ValueError."""
    if not text:
        raise ValueError("join_request is missing")
    try:
        # A "+" of the ordinary alphabet arrives as a space in a query.
        padded = text.translate({ord(" "): "-", ord("+"): "-", ord("/"): "_"}) + "=" * (-len(text) % 4)
        wrapped = rtc.WrappedJoinRequest.FromString(base64.b64decode(padded, altchars=b"-_", validate=True))
        data = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.Compression.GZIP:
            inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
            data = inflater.decompress(data, MAX_JOIN_REQUEST_BYTES)
            if not inflater.eof:
                raise ValueError("join_request is cut short or too large")
        return rtc.JoinRequest.FromString(data)
    except (binascii.Error, zlib.error, DecodeError) as error:
        raise ValueError("join_request cannot be read") from error


def _join_response(participant: Participant) -> rtc.JoinResponse:
    room = participant.room
    others = [p.info() for p in room.participants.values() if p is not participant and not p.hidden]
    return rtc.JoinResponse(
        room=room.info(),
        participant=participant.info(),
        other_participants=others,
        server_version=COMPATIBLE_VERSION,
        ping_interval=PING_INTERVAL_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        server_info=_server_info(),
        # The client then offers at once instead of waiting for more changes.
        fast_publish=True,
        enabled_publish_codecs=[models.Codec(mime="audio/opus")],
    )


def _server_info() -> models.ServerInfo:
    return models.ServerInfo(
        edition=models.ServerInfo.Edition.Standard,
        version=COMPATIBLE_VERSION,
        protocol=16,
        region="development",
        node_id="room-server",
    )


def _leave(action: int, reason: int) -> rtc.SignalResponse:
    return rtc.SignalResponse(leave=rtc.LeaveRequest(action=action, reason=reason))


