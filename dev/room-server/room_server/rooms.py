"""Rooms: who is in, what they are told, and when a room ends."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable

from aiortc import RTCCertificate
from livekit.protocol import models, rtc
from livekit.protocol.agent_dispatch import AgentDispatch

from . import sids
from .data import DataRouter
from .media import PublishedTrack, Subscription
from .participants import Participant, State
from .settings import Faults, Settings
from .speakers import Speakers
from .tokens import Grants

log = logging.getLogger(__name__)

Reason = models.DisconnectReason
DEFAULT_EMPTY_TIMEOUT_SECONDS = 300
MAX_ROOMS = 1_000
MAX_PARTICIPANTS = 200


class RoomFullError(Exception):
    """The room takes no more participants."""


class Room:
    """One room. All of its changes happen in one step of the event loop each."""

    def __init__(self, rooms: "Rooms", name: str) -> None:
        self.rooms = rooms
        self.name, self.sid = name, sids.room_sid()
        self.metadata = ""
        self.empty_timeout = DEFAULT_EMPTY_TIMEOUT_SECONDS
        self.departure_timeout = rooms.settings.empty_room_timeout_seconds
        self.max_participants = 0
        self.created_at_ms = int(time.time() * 1000)
        self.participants: dict[str, Participant] = {}
        self.dispatches: dict[str, AgentDispatch] = {}
        self.data = DataRouter(self, rooms.faults)
        self.speakers = Speakers(self)
        self._cleanup: asyncio.TimerHandle | None = None
        self._schedule_cleanup(self.empty_timeout)

    def info(self) -> models.Room:
        visible = [p for p in self.participants.values() if not p.hidden]
        return models.Room(
            sid=self.sid,
            name=self.name,
            empty_timeout=self.empty_timeout,
            departure_timeout=self.departure_timeout,
            max_participants=self.max_participants,
            creation_time=self.created_at_ms // 1000,
            creation_time_ms=self.created_at_ms,
            enabled_codecs=[models.Codec(mime="audio/opus")],
            metadata=self.metadata,
            num_participants=len(visible),
            num_publishers=sum(1 for p in visible if p.tracks),
        )

    # Coming and going

    def admit(self, participant: Participant) -> None:
        """Lets a participant in; an older one with the same identity has to go. Raises RoomFullError."""
        older = self.participants.get(participant.identity)
        limit = self.max_participants or MAX_PARTICIPANTS
        if older is None and len(self.participants) >= limit:
            raise RoomFullError
        if older is not None:
            self.remove(older, Reason.DUPLICATE_IDENTITY, tell=True)
        if self._cleanup is not None:
            self._cleanup.cancel()
            self._cleanup = None
        self.participants[participant.identity] = participant
        participant.state = State.JOINED
        participant.changed()
        for track in self._tracks_of_others(participant):
            if participant.auto_subscribe:
                self.subscribe(participant, track)

    def announce(self, participant: Participant) -> None:
        """Tells everyone, the participant too, what it looks like now."""
        participant.changed()
        update = self.update_message([participant])
        for other in list(self.participants.values()):
            if other is participant or not participant.hidden:
                other.send(update)

    def update_message(self, participants: Iterable[Participant]) -> rtc.SignalResponse:
        return rtc.SignalResponse(update=rtc.ParticipantUpdate(participants=[p.info() for p in participants]))

    def connected(self, participant: Participant) -> None:
        """The peer connection is up: the participant is active from here on."""
        if participant.state == State.JOINED:
            participant.state = State.ACTIVE
            self.announce(participant)

    def failed(self, participant: Participant) -> None:
        """The peer connection is lost: with a goodbye that is still on its way, or for good.

        The link stays open, so that the goodbye counts. A client that means to
        stay comes back by itself, and is then made to join from the start.
        """
        self._expect_departure(participant)

    def link_lost(self, participant: Participant, link: object) -> None:
        """The signalling link broke without a goodbye: wait for the client to resume, but not for long."""
        if participant.left or participant.link is not link:
            return
        if participant.link is not None:
            participant.link.close()
            participant.link = None
        self._expect_departure(participant)

    def _expect_departure(self, participant: Participant) -> None:
        if not participant.left and participant.departure is None:
            participant.departure = asyncio.get_running_loop().call_later(
                self.rooms.settings.departure_timeout_seconds, self._depart, participant
            )

    def _depart(self, participant: Participant) -> None:
        leave = rtc.LeaveRequest(action=rtc.LeaveRequest.Action.RECONNECT, reason=Reason.CONNECTION_TIMEOUT)
        participant.send(rtc.SignalResponse(leave=leave))
        self.remove(participant, Reason.CONNECTION_TIMEOUT)

    def resume(self, participant: Participant, link: object) -> None:
        """Gives a participant its new link; the older one, if it still stands, is closed."""
        if participant.departure is not None:
            participant.departure.cancel()
            participant.departure = None
        if participant.link is not None:
            participant.link.close()
        participant.link = link
        participant.negotiator.forget_request()

    def remove(self, participant: Participant, reason: int, tell: bool = False) -> None:
        """Takes a participant out and tells the others; the participant too where `tell` is set."""
        if participant.left:
            return
        if participant.departure is not None:
            participant.departure.cancel()
            participant.departure = None
        for track in list(participant.tracks.values()):
            self._drop_track(track)
        for subscription in list(participant.subscriptions.values()):
            subscription.track.subscriptions.pop(participant.identity, None)
        participant.subscriptions.clear()
        participant.state, participant.disconnect_reason = State.DISCONNECTED, reason
        self.participants.pop(participant.identity, None)
        participant.changed()
        if not participant.hidden:
            update = self.update_message([participant])
            for other in list(self.participants.values()):
                other.send(update)
        if tell:
            leave = rtc.LeaveRequest(action=rtc.LeaveRequest.Action.DISCONNECT, reason=reason)
            participant.send(rtc.SignalResponse(leave=leave))
        if participant.link is not None:
            participant.link.close()
            participant.link = None
        self.speakers.forget(participant)
        self.rooms.spawn(participant.transport.close())
        if not self.participants:
            self._schedule_cleanup(self.departure_timeout)

    def end(self, reason: int) -> None:
        """Ends the room for everyone in it."""
        if self._cleanup is not None:
            self._cleanup.cancel()
        for participant in list(self.participants.values()):
            self.remove(participant, reason, tell=True)
        if self._cleanup is not None:
            self._cleanup.cancel()
            self._cleanup = None
        self.speakers.stop()
        self.rooms.forget(self)

    def set_empty_timeouts(self, empty_timeout: int, departure_timeout: int) -> None:
        self.empty_timeout = empty_timeout or self.empty_timeout
        self.departure_timeout = departure_timeout or self.departure_timeout
        if not self.participants:
            self._schedule_cleanup(self.empty_timeout)

    def broadcast_room(self) -> None:
        message = rtc.SignalResponse(room_update=rtc.RoomUpdate(room=self.info()))
        for participant in list(self.participants.values()):
            participant.send(message)

    def _schedule_cleanup(self, seconds: float) -> None:
        if self._cleanup is not None:
            self._cleanup.cancel()
        self._cleanup = asyncio.get_running_loop().call_later(seconds, self.end, Reason.ROOM_CLOSED)

    # Tracks

    def announce_track(self, track: PublishedTrack) -> None:
        """A track has arrived in an offer: everyone hears of it before any SDP carries it."""
        track.publisher.tracks[track.sid] = track
        self.announce(track.publisher)
        self.speakers.start()

    def offer_track(self, track: PublishedTrack) -> None:
        """Subscribes everyone who wants tracks unasked."""
        for participant in list(self.participants.values()):
            if participant is not track.publisher and participant.auto_subscribe:
                self.subscribe(participant, track)

    def unpublish(self, track: PublishedTrack) -> None:
        self._drop_track(track)
        self.announce(track.publisher)

    def subscribe(self, listener: Participant, track: PublishedTrack) -> None:
        """Lets a participant hear a track, if its rights allow it and it does not hear it yet."""
        if track.sid in listener.subscriptions or not listener.permission.can_subscribe:
            return
        subscription = Subscription(listener, track)
        listener.subscriptions[track.sid] = subscription
        track.subscriptions[listener.identity] = subscription
        listener.negotiator.add(subscription)

    def unsubscribe(self, listener: Participant, track_sid: str) -> None:
        subscription = listener.subscriptions.pop(track_sid, None)
        if subscription is not None:
            subscription.track.subscriptions.pop(listener.identity, None)
            listener.negotiator.remove(subscription)

    def heard(self, subscription: Subscription) -> None:
        """A listener has a track on its connection: the publisher learns of the first one."""
        track = subscription.track
        if not track.heard:
            track.heard = True
            message = rtc.TrackSubscribed(track_sid=track.sid)
            track.publisher.send(rtc.SignalResponse(track_subscribed=message))

    def mute(self, track: PublishedTrack, muted: bool) -> None:
        if track.info.muted != muted:
            track.info.muted = muted
            self.announce(track.publisher)

    def track(self, track_sid: str) -> PublishedTrack | None:
        return next((p.tracks[track_sid] for p in self.participants.values() if track_sid in p.tracks), None)

    def _drop_track(self, track: PublishedTrack) -> None:
        track.publisher.tracks.pop(track.sid, None)
        for subscription in list(track.subscriptions.values()):
            subscription.listener.subscriptions.pop(track.sid, None)
            subscription.listener.negotiator.remove(subscription)
        track.subscriptions.clear()

    def _tracks_of_others(self, participant: Participant) -> list[PublishedTrack]:
        return [t for p in self.participants.values() if p is not participant for t in p.tracks.values()]


class Rooms:
    """All rooms of the server, and the work that outlives its caller."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self.settings, self.faults = settings, faults
        self.by_name: dict[str, Room] = {}
        self._certificate = RTCCertificate.generateCertificate()
        self._background: set[asyncio.Task[None]] = set()

    def open(self, name: str) -> Room:
        """The room of that name, made now if there is none. Raises RoomFullError at the limit."""
        room = self.by_name.get(name)
        if room is None:
            if len(self.by_name) >= MAX_ROOMS:
                raise RoomFullError
            room = self.by_name[name] = Room(self, name)
        return room

    def forget(self, room: Room) -> None:
        if self.by_name.get(room.name) is room:
            del self.by_name[room.name]

    async def new_participant(self, grants: Grants, request: rtc.JoinRequest) -> Participant:
        """Makes a participant with an open socket. It is in no room until `admit`."""
        participant = Participant(self.open(grants.room), grants, request, self._certificate)
        await participant.transport.gather()
        # The room may have ended meanwhile; the same step as `admit` must look again.
        participant.room = self.open(grants.room)
        return participant

    def spawn(self, work) -> None:
        """Runs work to its end in the background; an error in it is logged."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._finished)

    async def close(self) -> None:
        """Ends every room, then waits for what is still under way."""
        for room in list(self.by_name.values()):
            room.end(Reason.SERVER_SHUTDOWN)
        if self._background:
            await asyncio.wait(list(self._background), timeout=3)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("work in the background failed", exc_info=task.exception())
