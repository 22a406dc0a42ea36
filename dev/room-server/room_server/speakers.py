"""Who speaks, from the audio level that clients put beside every packet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from livekit.protocol import models, rtc

if TYPE_CHECKING:
    from .participants import Participant
    from .rooms import Room

INTERVAL_SECONDS = 0.25
SPEAKING_BELOW_DBOV = 40
QUIET_INTERVALS = 2
LEVEL_STEP = 0.1


class Speakers:
    """Looks at a room's tracks a few times a second and tells everyone what changed."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self._timer: asyncio.TimerHandle | None = None
        self._levels: dict[str, float] = {}
        self._quiet: dict[str, int] = {}

    def start(self) -> None:
        """Starts looking; it stops by itself when the room has no track."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL_SECONDS, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def forget(self, participant: "Participant") -> None:
        """A participant that has left speaks no more; its departure says so."""
        self._levels.pop(participant.sid, None)
        self._quiet.pop(participant.sid, None)

    def _look(self) -> None:
        self._timer = None
        publishers = [p for p in self._room.participants.values() if p.tracks or p.sid in self._levels]
        changes = [change for p in publishers if (change := self._change(p)) is not None]
        if changes:
            message = rtc.SignalResponse(speakers_changed=rtc.SpeakersChanged(speakers=changes))
            for participant in list(self._room.participants.values()):
                participant.send(message)
        if publishers:
            self.start()

    def _change(self, participant: "Participant") -> models.SpeakerInfo | None:
        levels = [level for t in participant.tracks.values() if (level := t.take_level()) is not None]
        loudest = min(levels, default=None)
        before = self._levels.get(participant.sid)
        if loudest is not None and loudest < SPEAKING_BELOW_DBOV:
            level = 10 ** (-loudest / 20)
            self._quiet[participant.sid] = 0
            if before is not None and abs(level - before) < LEVEL_STEP:
                return None
            self._levels[participant.sid] = level
            return models.SpeakerInfo(sid=participant.sid, level=level, active=True)
        if before is None:
            return None
        self._quiet[participant.sid] = self._quiet.get(participant.sid, 0) + 1
        if self._quiet[participant.sid] < QUIET_INTERVALS:
            return None
        self.forget(participant)
        return models.SpeakerInfo(sid=participant.sid, level=0, active=False)
