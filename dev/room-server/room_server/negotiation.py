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
#: Every track gets a fresh section until a client has this many for audio; from
#: then on sections that are out of use carry other tracks, so that the offers
#: of a client that stays for days do not grow.
FRESH_AUDIO_SECTIONS = 12


@dataclass
class PendingTrack:
    """A track that the client announced and that no offer has carried yet."""

    cid: str
    info: models.TrackInfo


@dataclass
class _SectionUse:
    """What a section carries now, whether it ever did, and which living tracks it carried before."""

    published: PublishedTrack | None = None
    published_id: str = ""
    subscription: Subscription | None = None
    used: bool = False
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

    @property
    def section_count(self) -> int:
        """How many sections the last offer had."""
        return len(self._offer.sections) if self._offer is not None else 0

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
                if subscription.track.sid in subscription.track.publisher.tracks:
                    use.carried.add(subscription.track.sid)
        subscription.answered = False
        self.request_sections()

    def forget_request(self) -> None:
        """After a resume: a request that was under way may have been lost."""
        self._requested = False

    def request_sections(self) -> None:
        """Asks the client for a new offer when something waits for one. One request at a time."""
        if self._requested or self._offer is None or not (self._waiting or self._changed):
            return
        missing = max(0, len(self._waiting) - len(self._placed(self._offer)))
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

    def _placed(self, offer: sdp.Offer) -> list[tuple[Subscription, sdp.Section]]:
        """The waiting subscriptions that the offer has a section for, each with its section."""
        audio = [s for s in offer.sections if s.kind == "audio"]
        usable = [s for s in audio if s.direction == "recvonly" and not s.rejected and s.payload_type("opus")]
        unused = [s for s in usable if s.mid not in self._uses or not self._uses[s.mid].used]
        retired = [s for s in usable if s not in unused and self._uses[s.mid].subscription is None]
        placed: list[tuple[Subscription, sdp.Section]] = []
        for subscription in self._waiting:
            # A client takes the same track on the same section for old news.
            again = [s for s in retired if subscription.track.sid not in self._uses[s.mid].carried]
            if unused:
                placed.append((subscription, unused.pop(0)))
            elif again and len(audio) >= FRESH_AUDIO_SECTIONS:
                retired.remove(again[0])
                placed.append((subscription, again[0]))
        return placed

    def _bind_waiting(self, offer: sdp.Offer) -> None:
        for subscription, section in self._placed(offer):
            self._waiting.remove(subscription)
            use = self._uses.setdefault(section.mid, _SectionUse())
            use.subscription = subscription
            use.used = True
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
