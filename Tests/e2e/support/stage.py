"""Sessions with a client that takes turns and a witness: all that is known of each turn."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from peers import Peer, token
from support.answers import done
from support.audio_reader import StreamReader
from support.decoder import Timeline
from support.decoding import decode_files
from support.hearing import hears_in_turns
from support.listener import VoiceListener
from support.speaker import CodedSpeaker
from support.turns import audio_policy, end, ended_turn, start, turn_audio
from support.witness import Witness
from test_rpc import together

FRAME_MS, FINE_MS = 20.0, 5.0
REACH_MS = 4000


@dataclass
class TurnOnAir:
    """One turn of one client, with the positions of its signal at the calls."""

    turn_id: str
    started: tuple[float, float]
    ended: tuple[float, float]
    pre_roll_ms: float
    loud_from: float | None = None
    shown: dict = field(default_factory=dict)
    file: bytes = b""
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def travel(self) -> float:
        """How long a call may have been on its way."""
        return self.started[1] - self.started[0]

    def begin_bounds(self, pre_roll: float, not_before: float = -1e9) -> tuple[float, float]:
        """Where its audio has to begin; a ring never reaches back over the end of an earlier turn."""
        low = self.started[0] - pre_roll - FRAME_MS - FINE_MS
        high = self.started[1] - pre_roll + FRAME_MS + FINE_MS
        if not_before > low + FRAME_MS:
            return not_before - FINE_MS, max(high, not_before + 2 * FRAME_MS + FINE_MS)
        return low, high

    def end_bounds(self) -> tuple[float, float]:
        return self.ended[0] - FRAME_MS - FINE_MS, self.ended[0] + self.travel + FRAME_MS + FINE_MS


class Stage:
    """A session with one client that takes turns, and one that talks all the time and never has the floor."""

    def __init__(self, http, session: dict, speaker: CodedSpeaker, peer, seed: int) -> None:
        self.http, self.session, self.speaker, self.peer = http, session, speaker, peer
        self.dice = random.Random(seed)
        self.turns: list[TurnOnAir] = []
        self.cancelled: list[TurnOnAir] = []
        self.reader: StreamReader | None = None
        self.stray: CodedSpeaker | None = None
        self.witness: Witness | None = None

    async def stop(self) -> None:
        """All fall silent; what the witness heard is looked at."""
        await asyncio.sleep(0.2)
        if self.reader is not None:
            await self.reader.gets_all()
        for speaker in (self.speaker, self.stray):
            if speaker is not None:
                await speaker.stop()
        await self.witness.stop()

    def decode(self) -> None:
        """What is in the turns' files; after all is quiet, since it takes the machine's time."""
        files = [(turn.file, self.speaker.number, turn.started[0], REACH_MS) for turn in self.turns]
        for turn, timeline in zip(self.turns, decode_files(files), strict=True):
            turn.timeline = timeline

    def disturbed(self, *positions: float) -> bool:
        return any(self.witness.disturbed(position) for position in positions)

    async def take_turn(self, milliseconds: float, by=end, quiet_before: bool = False) -> TurnOnAir:
        """A turn of that length; with `quiet_before` the client begins to talk 300 ms before it starts it."""
        loud_from = None
        if quiet_before:
            loud_from = await self._begin_to_talk()
        begun = await start(self.peer)
        at = self.speaker.position
        await self.speaker.reach(at(begun.asked) + milliseconds)
        over = await by(self.peer, begun.result)
        assert over.ok, over.body
        if quiet_before:
            self.speaker.hush()
        turn = TurnOnAir(
            begun.result["turn_id"], (at(begun.asked), at(begun.answered)), (at(over.asked), at(over.answered)),
            begun.result["pre_roll_ms"], loud_from)
        turn.shown = await ended_turn(self.http, self.session["id"], turn.turn_id)
        if by is end and turn.shown["audio_kept"]:
            turn.file = await turn_audio(self.http, self.session["id"], turn.turn_id)
        (self.turns if by is end else self.cancelled).append(turn)
        return turn

    async def _begin_to_talk(self) -> float:
        self.speaker.talk()
        # The microphone gives whole frames: it is loud from the next one on.
        loud_from = self.speaker.position() // 10 * 10
        await self.speaker.reach(loud_from + 300)
        return loud_from

    async def pause(self, least: float = 60, most: float = 460) -> None:
        await asyncio.sleep(self.dice.uniform(least, most) / 1000)

    def length(self) -> float:
        return self.dice.uniform(200, 420)


class Theatre:
    """Makes stages, each in a room of its own, and clears them away."""

    def __init__(self, http, room_server, name: str) -> None:
        self._http, self._room_server, self._name = http, room_server, name
        self._sessions: list[str] = []
        self._peers: list[Peer] = []
        self._speakers: list[CodedSpeaker] = []
        self._readers: list[StreamReader] = []

    async def stage(self, number: int, stray: bool = False, read: bool = False, **policy) -> Stage:
        """A client that talks all the time, its signal being that number; with `stray` another beside it, with `read`
        a backend that reads the stream."""
        name = f"{self._name}-{number}"
        body = {"room": name, "turn_policy": audio_policy(**policy)}
        session = done(await self._http.post("/v1/sessions", json=body), 201)
        self._sessions.append(session["id"])

        async def enter(server, identity: str) -> Peer:
            self._peers.append(Peer(identity))
            return await self._peers[-1].join(server, token(identity, name, can_update_own_metadata=True))

        alice, bob = await together(self._http, session, self._room_server, enter, "alice", "bob")
        speaker = await self._speaker(alice, number)
        made = Stage(self._http, session, speaker, alice, number)
        made.witness = Witness(await VoiceListener.to(bob, "alice"), speaker)
        if stray:
            made.stray = await self._speaker(bob, number + 100)
        await hears_in_turns(self._http, session, alice)
        if read:
            made.reader = await StreamReader(self._http, session["id"], sample_rate=16_000).open()
            self._readers.append(made.reader)
        # Until the first seconds of a connection are over: its jitter buffers find their depth.
        await speaker.reach(speaker.position() + 1500)
        return made

    async def _speaker(self, peer: Peer, number: int) -> CodedSpeaker:
        self._speakers.append(CodedSpeaker(peer, number))
        return await self._speakers[-1].publish()

    async def clear(self) -> None:
        for reader in self._readers:
            await reader.close()
        for speaker in self._speakers:
            await speaker.stop()
        for peer in self._peers:
            await peer.leave()
        for session in self._sessions:
            done(await self._http.delete(f"/v1/sessions/{session}"))
