"""Offers and answers of one participant: which section carries which track.

The client always offers. A track to be heard needs a free receive-only section,
so the server asks for sections and binds the track in the answer to the offer
that brings them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

from . import sdp
from .media import PublishedTrack, RtpPacket, Subscription

if TYPE_CHECKING:
    from .participants import Participant

log = logging.getLogger(__name__)

MAX_PENDING_TRACKS = 32
MAX_SECTIONS_PER_REQUEST = 64


@dataclass
class PendingTrack:
    """A track that the client announced and that no offer has carried yet."""

    cid: str
    info: models.TrackInfo


@dataclass
class _SectionUse:
    """What a section carries now, and whose tracks it carried before."""

    published: PublishedTrack | None = None
    published_id: str = ""
    subscription: Subscription | None = None
    carried: set[str] = field(default_factory=set)


class Negotiator:
    """Keeps a participant's sections and answers its offers. Nothing in it waits."""

    def __init__(self, participant: "Participant") -> None:
        self._participant = participant
        self._uses: dict[str, _SectionUse] = {}
        self._waiting: list[Subscription] = []
        self._changed = False
        self._requested = False
        self._offer: sdp.Offer | None = None
        self._answers = 0
        self._ssrcs: dict[int, PublishedTrack] = {}
        self.pending: list[PendingTrack] = []

    # Publishing

    def expect_track(self, cid: str, info: models.TrackInfo) -> bool:
        """Remembers an announced track until an offer carries it; False when too many wait."""
        if len(self.pending) >= MAX_PENDING_TRACKS:
            return False
        self.pending.append(PendingTrack(cid, info))
        return True

    def route(self, packet: RtpPacket) -> PublishedTrack | None:
        """The published track that a packet belongs to, by SSRC and else by its `mid` extension."""
        track = self._ssrcs.get(packet.ssrc)
        if track is None and self._offer is not None:
            for section in self._offer.sections:
                number = section.extensions.get(sdp.MID_EXTENSION)
                if number and packet.extensions.get(number, b"").decode("utf-8", "replace") == section.mid:
                    use = self._uses.get(section.mid)
                    track = use.published if use else None
                    if track is not None and len(self._ssrcs) < 256:
                        self._ssrcs[packet.ssrc] = track
                    break
        return track

    # Listening

    def add(self, subscription: Subscription) -> None:
        """Asks for a section for a new listener of a track."""
        self._waiting.append(subscription)
        self.request_sections()

    def remove(self, subscription: Subscription) -> None:
        """Takes a track away from its section; the next answer says so to the client."""
        if subscription in self._waiting:
            self._waiting.remove(subscription)
        for use in self._uses.values():
            if use.subscription is subscription:
                use.subscription = None
                self._changed = True
        subscription.answered = False
        self.request_sections()

    def forget_request(self) -> None:
        """After a resume: a request that was under way may have been lost."""
        self._requested = False

    def request_sections(self) -> None:
        """Asks the client for a new offer when something waits for one. One request at a time."""
        if self._requested or self._offer is None or not (self._waiting or self._changed):
            return
        missing = max(0, len(self._waiting) - len(self._free_sections(self._offer)))
        requirement = rtc.MediaSectionsRequirement(num_audios=min(missing, MAX_SECTIONS_PER_REQUEST))
        if self._participant.send(rtc.SignalResponse(media_sections_requirement=requirement)):
            self._requested = True

    # Answering

    def answer(self, description: rtc.SessionDescription) -> None:
        """Answers an offer; raises SdpError for one that cannot be answered."""
        offer = sdp.parse_offer(description.sdp)
        participant = self._participant
        participant.transport.apply(offer)
        self._offer = offer
        self._requested = False
        published = self._match_published(offer)
        for track in published:
            participant.room.announce_track(track)
        self._bind_waiting(offer)
        self._send_answer(offer, description.id)
        for track in published:
            participant.room.offer_track(track)
        self.request_sections()

    def _match_published(self, offer: sdp.Offer) -> list[PublishedTrack]:
        found: list[PublishedTrack] = []
        for section in offer.sections:
            use = self._uses.setdefault(section.mid, _SectionUse())
            if use.published is not None and self._ended(section, use):
                self._participant.room.unpublish(use.published)
                use.published, use.published_id = None, ""
            if section.kind == "audio" and section.client_sends and use.published is None:
                pending = self._take_pending(section.track_id)
                if pending is not None:
                    use.published = self._publish(section, pending)
                    use.published_id = section.track_id
                    found.append(use.published)
        self._ssrcs = {
            ssrc: use.published
            for section in offer.sections
            if (use := self._uses[section.mid]).published is not None
            for ssrc in section.ssrcs
        }
        return found

    def _ended(self, section: sdp.Section, use: _SectionUse) -> bool:
        if not section.client_sends:
            return True
        return section.track_id != use.published_id and bool(self.pending)

    def _take_pending(self, track_id: str) -> PendingTrack | None:
        exact = next((p for p in self.pending if p.cid == track_id), None)
        chosen = exact or next(iter(self.pending), None)
        if chosen is not None:
            self.pending.remove(chosen)
        return chosen

    def _publish(self, section: sdp.Section, pending: PendingTrack) -> PublishedTrack:
        pending.info.mid = section.mid
        pending.info.mime_type = "audio/opus"
        return PublishedTrack(
            publisher=self._participant,
            info=pending.info,
            level_extension=section.extensions.get(sdp.AUDIO_LEVEL_EXTENSION),
        )

    def _free_sections(self, offer: sdp.Offer) -> list[sdp.Section]:
        free = []
        for section in offer.sections:
            use = self._uses.get(section.mid)
            usable = section.kind == "audio" and section.direction == "recvonly" and not section.rejected
            if usable and section.payload_type("opus") and (use is None or not use.carried):
                free.append(section)
        return free

    def _bind_waiting(self, offer: sdp.Offer) -> None:
        for section in self._free_sections(offer):
            if not self._waiting:
                break
            subscription = self._waiting.pop(0)
            use = self._uses.setdefault(section.mid, _SectionUse())
            use.subscription = subscription
            use.carried.add(subscription.track.sid)
            subscription.mid = section.mid
            subscription.payload_type = int(section.payload_type("opus") or 0)

    def _send_answer(self, offer: sdp.Offer, offer_id: int) -> None:
        active = {s.mid: use.subscription for s in offer.sections
                  if (use := self._uses[s.mid]).subscription is not None}
        receiving = {mid for mid, use in self._uses.items() if use.published is not None}
        sending = {mid: subscription.sending() for mid, subscription in active.items()}
        self._answers += 1
        text = sdp.write_answer(
            offer, self._participant.transport.description(), receiving, sending, self._answers
        )
        mids = {mid: subscription.track.sid for mid, subscription in active.items()}
        answer = rtc.SessionDescription(type="answer", sdp=text, id=offer_id, mid_to_track_id=mids)
        self._participant.send(rtc.SignalResponse(answer=answer))
        self._changed = False
        for subscription in active.values():
            if not subscription.answered:
                subscription.answered = True
                self._participant.room.heard(subscription)
