"""A participant: who it is, its rights, its signalling link and its transport."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from aiortc import RTCCertificate
from livekit.protocol import models, rtc

from . import sids
from .media import PublishedTrack, RtpPacket, Subscription
from .negotiation import Negotiator
from .settings import MAX_ATTRIBUTES_BYTES, MAX_METADATA_BYTES, MAX_NAME_CHARACTERS
from .tokens import Grants
from .transport import PeerTransport

if TYPE_CHECKING:
    from .rooms import Room

State = models.ParticipantInfo.State


class SignalLink(Protocol):
    """The way to a client: messages in order, and an end."""

    def send(self, message: rtc.SignalResponse) -> bool: ...

    def close(self) -> None: ...


class Participant:
    """One member of a room, from its join until it has left. A resume keeps it."""

    def __init__(self, room: "Room", grants: Grants, request: rtc.JoinRequest, certificate: RTCCertificate) -> None:
        self.sid = sids.participant_sid()
        self.room = room
        self.identity, self.name = grants.identity, grants.name
        self.metadata, self.kind = grants.metadata, grants.kind
        self.attributes = dict(grants.attributes)
        self.permission = grants.permission()
        # Without a client protocol the others call this participant with RPC v1.
        v1_only = room.rooms.faults.rpc_v1_only.matches(grants.identity, grants.kind)
        self.client_protocol = 0 if v1_only else request.client_info.client_protocol
        self.capabilities = list(request.client_info.capabilities)
        self.auto_subscribe = request.connection_settings.auto_subscribe
        self.state: int = State.JOINING
        self.joined_at_ms = int(time.time() * 1000)
        self.disconnect_reason = models.DisconnectReason.UNKNOWN_REASON
        self.tracks: dict[str, PublishedTrack] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.link: SignalLink | None = None
        self.departure: asyncio.TimerHandle | None = None
        self.last_sequence = 0
        self.data_due = 0.0
        self.dropped_streams: set[str] = set()
        self._version = 0
        self.negotiator = Negotiator(self)
        self.transport = PeerTransport(
            certificate, self._rtp, self._data, lambda: self.room.connected(self), lambda: self.room.failed(self)
        )

    @property
    def hidden(self) -> bool:
        return self.permission.hidden

    @property
    def left(self) -> bool:
        return self.state == State.DISCONNECTED

    def send(self, message: rtc.SignalResponse) -> bool:
        """Queues a message for the client; False when there is no link now."""
        return self.link is not None and self.link.send(message)

    def changed(self) -> None:
        """Counts a change, so that clients can order what they hear of this participant."""
        self._version += 1

    def info(self) -> models.ParticipantInfo:
        """What the others are told of this participant."""
        return models.ParticipantInfo(
            sid=self.sid,
            identity=self.identity,
            state=self.state,
            tracks=[track.info for track in self.tracks.values()],
            metadata=self.metadata,
            joined_at=self.joined_at_ms // 1000,
            joined_at_ms=self.joined_at_ms,
            name=self.name,
            version=self._version,
            permission=self.permission,
            is_publisher=bool(self.tracks),
            kind=self.kind,
            attributes=self.attributes,
            disconnect_reason=self.disconnect_reason,
            client_protocol=self.client_protocol,
            capabilities=self.capabilities,
        )

    def change_profile(self, name: str, metadata: str, attributes: dict[str, str]) -> str | None:
        """Takes name and metadata where not empty, merges attributes (empty value deletes).

        Returns the limit that was exceeded, in words, and changes nothing then.
        """
        merged = {**self.attributes, **attributes}
        merged = {key: value for key, value in merged.items() if value}
        if len(metadata.encode("utf-8")) > MAX_METADATA_BYTES:
            return "metadata size exceeds limits"
        if len(name) > MAX_NAME_CHARACTERS:
            return "name length exceeds limits"
        if sum(len(k.encode("utf-8")) + len(v.encode("utf-8")) for k, v in merged.items()) > MAX_ATTRIBUTES_BYTES:
            return "attribute size exceeds limits"
        self.name, self.metadata = name or self.name, metadata or self.metadata
        self.attributes = merged
        return None

    async def _rtp(self, data: bytes) -> None:
        packet = RtpPacket.parse(data)
        track = self.negotiator.route(packet) if packet is not None else None
        if packet is not None and track is not None:
            await track.receive(packet)

    def _data(self, reliable: bool, data: bytes) -> None:
        self.room.data.receive(self, reliable, data)
