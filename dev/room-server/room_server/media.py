"""Audio tracks and who hears them. RTP goes through as it comes: nothing is decoded."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from livekit.protocol import models

from . import sdp

if TYPE_CHECKING:
    from .participants import Participant

SILENT_LEVEL = 127
_ONE_BYTE_PROFILE = 0xBEDE


@dataclass
class RtpPacket:
    """The fields of an RTP packet that forwarding needs."""

    marker: bool
    padded: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes]

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket | None":
        """Reads a packet; None where it is cut short."""
        if len(data) < 12:
            return None
        first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHLL", data)
        offset = 12 + 4 * (first & 0x0F)
        extensions: dict[int, bytes] = {}
        if first & 0x10:
            if len(data) < offset + 4:
                return None
            profile, words = struct.unpack_from("!HH", data, offset)
            body = data[offset + 4 : offset + 4 + 4 * words]
            offset += 4 + 4 * words
            if profile == _ONE_BYTE_PROFILE:
                extensions = _one_byte_extensions(body)
        if len(data) < offset:
            return None
        return cls(bool(second & 0x80), bool(first & 0x20), sequence, timestamp, ssrc, data[offset:], extensions)

    def rewritten(self, ssrc: int, payload_type: int, sequence: int) -> bytes:
        """The packet for one listener. Extension numbers differ per listener, so none are sent."""
        first = 0x80 | (0x20 if self.padded else 0)
        second = payload_type | (0x80 if self.marker else 0)
        return struct.pack("!BBHLL", first, second, sequence, self.timestamp, ssrc) + self.payload


def _one_byte_extensions(body: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(body):
        number, length = body[position] >> 4, (body[position] & 0x0F) + 1
        if number == 15:
            break
        if number == 0:
            position += 1
            continue
        found[number] = body[position + 1 : position + 1 + length]
        position += 1 + length
    return found


@dataclass(eq=False)
class Subscription:
    """One listener's copy of one track, on a section of its own."""

    listener: "Participant"
    track: "PublishedTrack"
    mid: str | None = None
    payload_type: int = 0
    ssrc: int = field(default_factory=lambda: secrets.randbelow(0xFFFFFFFE) + 1)
    answered: bool = False
    disabled: bool = False
    _last_sequence: int | None = None
    _shift: int = 0
    _paused: bool = False

    def sending(self) -> sdp.Sending:
        return sdp.Sending(f"{self.track.publisher.sid}|{self.track.sid}", self.track.sid, self.ssrc)

    async def forward(self, packet: RtpPacket) -> None:
        """Sends the packet on, unless the listener has switched the track off."""
        if not self.answered or self.disabled:
            self._paused = True
            return
        if self._paused and self._last_sequence is not None:
            # After a pause the numbers go on where they stopped, so that the
            # pause does not look like loss.
            self._shift = (self._last_sequence + 1 - packet.sequence) & 0xFFFF
        self._paused = False
        self._last_sequence = (packet.sequence + self._shift) & 0xFFFF
        await self.listener.transport.send_rtp(
            packet.rewritten(self.ssrc, self.payload_type, self._last_sequence)
        )


@dataclass(eq=False)
class PublishedTrack:
    """An audio track in the room, and its listeners."""

    publisher: "Participant"
    info: models.TrackInfo
    level_extension: int | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    heard: bool = False
    loudest: int = SILENT_LEVEL
    packets: int = 0

    @property
    def sid(self) -> str:
        return self.info.sid

    async def receive(self, packet: RtpPacket) -> None:
        """Takes a packet from the publisher. A muted track is not sent on."""
        if self.info.muted:
            for subscription in self.subscriptions.values():
                subscription._paused = True
            return
        self.packets += 1
        level = packet.extensions.get(self.level_extension or 0)
        if level:
            self.loudest = min(self.loudest, level[0] & 0x7F)
        for subscription in list(self.subscriptions.values()):
            await subscription.forward(packet)

    def take_level(self) -> int | None:
        """The loudest packet since the last call in −dBov (0 loud, 127 silent); None without packets."""
        if self.packets == 0:
            return None
        level, self.loudest, self.packets = self.loudest, SILENT_LEVEL, 0
        return level
