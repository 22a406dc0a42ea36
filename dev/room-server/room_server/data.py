"""Data packets: who sent them, who gets them, and the faults that lose or delay them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from livekit.protocol import models

from .settings import Faults

if TYPE_CHECKING:
    from .participants import Participant
    from .rooms import Room

log = logging.getLogger(__name__)

RPC_RESPONSE_TOPIC = "lk.rpc_response"
MAX_DROPPED_STREAMS = 1_000
_SAME_MOMENT_SECONDS = 1e-6


class DataRouter:
    """Passes the data packets of one room on."""

    def __init__(self, room: "Room", faults: Faults) -> None:
        self._room = room
        self._faults = faults
        #: Packets of participants that may not send data.
        self.refused_packets = 0

    def receive(self, sender: "Participant", reliable: bool, data: bytes) -> None:
        """Takes a packet off a client's channel, stamps the sender and routes it."""
        try:
            packet = models.DataPacket.FromString(data)
        except DecodeError:
            log.info("a client sent a data packet that cannot be read")
            return
        if sender.left or not sender.permission.can_publish_data:
            self.refused_packets += 1
            return
        if reliable and packet.sequence:
            # After a resume the client sends again what may have been lost.
            if packet.sequence <= sender.last_sequence:
                return
            sender.last_sequence = packet.sequence
        if self._is_dropped(sender, packet):
            return
        packet.kind = models.DataPacket.Kind.RELIABLE if reliable else models.DataPacket.Kind.LOSSY
        packet.participant_sid, packet.participant_identity = sender.sid, sender.identity
        if packet.HasField("user"):
            packet.user.participant_sid, packet.user.participant_identity = sender.sid, sender.identity
        self.send(packet, sender)

    def send(self, packet: models.DataPacket, sender: "Participant | None") -> None:
        """Sends a stamped packet to its destinations; to everyone but the sender where it names none."""
        identities = set(packet.destination_identities)
        sids: set[str] = set()
        if packet.HasField("user"):
            identities |= set(packet.user.destination_identities)
            sids = set(packet.user.destination_sids)
        for participant in list(self._room.participants.values()):
            named = participant.identity in identities or participant.sid in sids
            if participant is not sender and (named or not (identities or sids)):
                self._deliver(participant, packet)

    def _deliver(self, participant: "Participant", packet: models.DataPacket) -> None:
        reliable = packet.kind == models.DataPacket.Kind.RELIABLE
        data = packet.SerializeToString()
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = now + self._faults.delay_data_ms / 1000
        if due <= now and participant.data_due <= now:
            participant.transport.send_data(reliable, data)
            return
        # The order stays, whatever the delay was when a packet came.
        participant.data_due = max(due, participant.data_due + _SAME_MOMENT_SECONDS)
        loop.call_at(participant.data_due, participant.transport.send_data, reliable, data)

    def _is_dropped(self, sender: "Participant", packet: models.DataPacket) -> bool:
        kind = packet.WhichOneof("value")
        if kind == "rpc_ack":
            return self._faults.drop_rpc_acks.matches(sender.identity, sender.kind)
        drop = self._faults.drop_rpc_responses.matches(sender.identity, sender.kind)
        if kind == "rpc_response":
            return drop
        if kind == "stream_header":
            if drop and packet.stream_header.topic == RPC_RESPONSE_TOPIC:
                if len(sender.dropped_streams) >= MAX_DROPPED_STREAMS:
                    sender.dropped_streams.clear()
                sender.dropped_streams.add(packet.stream_header.stream_id)
                return True
        elif kind == "stream_chunk":
            return packet.stream_chunk.stream_id in sender.dropped_streams
        elif kind == "stream_trailer" and packet.stream_trailer.stream_id in sender.dropped_streams:
            sender.dropped_streams.discard(packet.stream_trailer.stream_id)
            return True
        return False
