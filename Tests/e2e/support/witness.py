"""Somebody else in the room who hears the same client, to tell the network's and the machine's doing from ours."""

from __future__ import annotations

import bisect

from support.decoder import decode
from support.listener import VoiceListener
from support.speaker import CodedSpeaker

STEP_MS = 20.0
# How much the way from mouth to ear may vary around a moment that counts as undisturbed.
BEFORE, AFTER = 0.7, 0.4
VARIES_MS = 14.0
# From mouth to ear it takes 30 to 50 ms on a quiet machine; much more is a delay that no receiver can know of.
LONGEST_MS = 80.0
# The share of the frames around it that have to be the speaker's own.
WHOLE = 0.93


class Witness:
    """Hears a speaker all the time; afterwards it tells when the audio's way was as steady as on a quiet machine."""

    def __init__(self, ear: VoiceListener, speaker: CodedSpeaker) -> None:
        self._ear, self._speaker = ear, speaker
        self._moments: list[float] = []
        self._lags: list[float] = []

    async def stop(self) -> "Witness":
        await self._ear.close()
        starts, passed = [], 0.0
        for frame in self._ear.frames:
            starts.append(passed)
            passed += len(frame) / 48
        # Its ear is there from the first sound on, which without a hint could be taken for the period before.
        timeline = decode(self._ear.heard(), 48_000, self._speaker.number, 0)
        for piece in timeline.signal:
            at = piece.begin
            while at < piece.end:
                arrival = self._ear.arrivals[bisect.bisect_right(starts, at) - 1]
                self._moments.append(arrival)
                self._lags.append((arrival - self._speaker.moment(piece.said + at - piece.begin)) * 1000)
                at += STEP_MS
        return self

    def lags(self, begin: float, end: float) -> list[float]:
        """Milliseconds from mouth to ear for what arrived between two moments of `time.monotonic`."""
        return self._lags[bisect.bisect_left(self._moments, begin):bisect.bisect_right(self._moments, end)]

    def disturbed(self, position: float) -> bool:
        """Whether around that position of the speaker's something was late, lost or stretched on its way here too."""
        moment = self._speaker.moment(position)
        found = self.lags(moment - BEFORE, moment + AFTER)
        if len(found) < WHOLE * (BEFORE + AFTER) * 1000 / STEP_MS:
            return True
        return max(found) - min(found) > VARIES_MS or max(found) > LONGEST_MS

    @property
    def usual_lag(self) -> float:
        """The median of all."""
        return sorted(self._lags)[len(self._lags) // 2] if self._lags else 0.0
