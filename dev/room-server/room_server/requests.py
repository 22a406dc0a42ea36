"""What a client asks for over signalling, one function per kind of request."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable

from livekit.protocol import models, rtc

from . import sdp, sids
from .participants import Participant
from .rooms import Reason

log = logging.getLogger(__name__)

Response = rtc.RequestResponse.Reason


def handle(participant: Participant, request: rtc.SignalRequest) -> None:
    """Carries out one request. Kinds that a development server has no use for are passed over."""
    kind = request.WhichOneof("message")
    handler = _HANDLERS.get(kind or "")
    if handler is not None:
        handler(participant, getattr(request, kind))


def offer(participant: Participant, description: rtc.SessionDescription) -> None:
    try:
        participant.negotiator.answer(description)
    except sdp.SdpError as error:
        log.info("an offer cannot be answered: %s", error)


def add_track(participant: Participant, wanted: rtc.AddTrackRequest) -> None:
    """Announced audio gets its sid; the track is published when an offer carries it."""
    allowed = participant.permission.can_publish_sources
    if not participant.permission.can_publish or (allowed and wanted.source not in allowed):
        _refuse_track(participant, wanted, Response.NOT_ALLOWED, "the token does not allow to publish this")
        return
    if wanted.type != models.TrackType.AUDIO:
        _refuse_track(participant, wanted, Response.UNSUPPORTED_TYPE, "this development server takes audio only")
        return
    info = models.TrackInfo(
        sid=sids.track_sid(is_audio=True),
        type=wanted.type,
        name=wanted.name,
        muted=wanted.muted,
        source=wanted.source,
        disable_dtx=wanted.disable_dtx,
        disable_red=True,
        stereo=wanted.stereo,
        stream=wanted.stream,
        encryption=wanted.encryption,
        mime_type="audio/opus",
        audio_features=wanted.audio_features,
    )
    if not participant.negotiator.expect_track(wanted.cid, info):
        _refuse_track(participant, wanted, Response.LIMIT_EXCEEDED, "too many tracks wait to be published")
        return
    response = rtc.TrackPublishedResponse(cid=wanted.cid, track=info)
    participant.send(rtc.SignalResponse(track_published=response))


def _refuse_track(participant: Participant, wanted: rtc.AddTrackRequest, reason: int, message: str) -> None:
    response = rtc.RequestResponse(reason=reason, message=message, add_track=wanted)
    participant.send(rtc.SignalResponse(request_response=response))


def _trickle(participant: Participant, trickle: rtc.TrickleRequest) -> None:
    try:
        line = json.loads(trickle.candidateInit or "{}").get("candidate", "")
    except (ValueError, AttributeError):
        log.info("a client sent a candidate that cannot be read")
        return
    if isinstance(line, str) and line:
        participant.transport.add_candidate(line)


def _mute(participant: Participant, mute: rtc.MuteTrackRequest) -> None:
    track = participant.tracks.get(mute.sid)
    if track is not None:
        participant.room.mute(track, mute.muted)
        return
    for pending in participant.negotiator.pending:
        if pending.info.sid == mute.sid:
            pending.info.muted = mute.muted


def _subscription(participant: Participant, wanted: rtc.UpdateSubscription) -> None:
    named = list(wanted.track_sids) + [sid for p in wanted.participant_tracks for sid in p.track_sids]
    set_subscribed(participant, named, wanted.subscribe)


def set_subscribed(participant: Participant, track_sids: list[str], subscribed: bool) -> None:
    """Lets a participant hear the named tracks, or no longer; unknown ones are told to it."""
    for track_sid in track_sids:
        track = participant.room.track(track_sid)
        if not subscribed:
            participant.room.unsubscribe(participant, track_sid)
        elif track is None:
            error = rtc.SubscriptionResponse(track_sid=track_sid, err=models.SubscriptionError.SE_TRACK_NOTFOUND)
            participant.send(rtc.SignalResponse(subscription_response=error))
        elif track.publisher is not participant:
            participant.room.subscribe(participant, track)


def _track_setting(participant: Participant, setting: rtc.UpdateTrackSettings) -> None:
    for track_sid in setting.track_sids:
        subscription = participant.subscriptions.get(track_sid)
        if subscription is not None:
            subscription.disabled = setting.disabled


def _update_metadata(participant: Participant, update: rtc.UpdateParticipantMetadata) -> None:
    reason, message = Response.OK, ""
    if not participant.permission.can_update_metadata:
        reason, message = Response.NOT_ALLOWED, "does not have permission to update own metadata"
    else:
        exceeded = participant.change_profile(update.name, update.metadata, dict(update.attributes))
        if exceeded is not None:
            reason, message = Response.LIMIT_EXCEEDED, exceeded
    response = rtc.RequestResponse(request_id=update.request_id, reason=reason, message=message)
    response.update_metadata.CopyFrom(update)
    participant.send(rtc.SignalResponse(request_response=response))
    if reason == Response.OK:
        participant.room.announce(participant)


def _ping(participant: Participant, timestamp: int) -> None:
    participant.send(rtc.SignalResponse(pong=_now_ms()))


def _ping_req(participant: Participant, ping: rtc.Ping) -> None:
    pong = rtc.Pong(last_ping_timestamp=ping.timestamp, timestamp=_now_ms())
    participant.send(rtc.SignalResponse(pong_resp=pong))


def _leave(participant: Participant, leave: rtc.LeaveRequest) -> None:
    participant.room.remove(participant, Reason.CLIENT_INITIATED)


def _now_ms() -> int:
    return int(time.time() * 1000)


_HANDLERS: dict[str, Callable[[Participant, object], None]] = {
    "offer": offer,
    "trickle": _trickle,
    "add_track": add_track,
    "mute": _mute,
    "subscription": _subscription,
    "track_setting": _track_setting,
    "update_metadata": _update_metadata,
    "ping": _ping,
    "ping_req": _ping_req,
    "leave": _leave,
}
