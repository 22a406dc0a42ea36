"""Ten rooms in which people take turns, all at once, for a minute: no frame is lost in a turn."""

import asyncio
import os
import random
import time
from pathlib import Path

from peers import Peer, token
from support import wav
from support.answers import done, until
from support.coded_signal import RATE
from support.decoder import decode
from support.figures import spread
from support.processes import resident_kib
from support.service import environment
from support.speaker import CodedSpeaker
from support.turns import audio_policy, end, ended_turn, start, turn_audio

ROOMS, SECONDS = 10, float(os.environ.get("TURNGATE_ROOMS_SECONDS", "60"))
FRAME_MS = 20.0
LOST_MS = 15.0
# Shorter than the queue of the slowest; each turn once.
LEAST_MS, MOST_MS = 1200, 2600


def cpu_seconds(pid: int) -> float:
    """What the process has taken of a processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Room:
    """Two clients that take turns; the one that has the floor talks, from a little before to a little after."""

    def __init__(self, http, number: int) -> None:
        self.http, self.number = http, number
        self.dice = random.Random(number)
        self.session: dict = {}
        self.peers: list[Peer] = []
        self.speakers: list[CodedSpeaker] = []
        self.turns: list[tuple[CodedSpeaker, dict, tuple[float, float], float, bytes]] = []

    async def enter(self, server) -> None:
        policy = audio_policy(pre_roll_ms=300)
        name = f"many-{self.number}"
        self.session = done(await self.http.post("/v1/sessions", json={"room": name, "turn_policy": policy}), 201)
        for at, identity in enumerate(("alice", "bob")):
            peer = await Peer(identity).join(server, token(identity, name))
            self.peers.append(peer)
            await peer.sees_active("agent")
            self.speakers.append(await CodedSpeaker(peer, 200 + 2 * self.number + at).publish())

    async def take_turns(self, until_when: float) -> None:
        # Not all rooms in step.
        await asyncio.sleep(self.dice.uniform(0, 2))
        at = 0
        while time.monotonic() < until_when:
            await self._turn(self.peers[at % 2], self.speakers[at % 2])
            at += 1
            await asyncio.sleep(self.dice.uniform(0.05, 0.3))

    async def _turn(self, peer: Peer, speaker: CodedSpeaker) -> None:
        begun = await start(peer)
        await asyncio.sleep(self.dice.uniform(LEAST_MS, MOST_MS) / 1000)
        over = await end(peer, begun.result)
        assert over.ok, over.body
        turn = await ended_turn(self.http, self.session["id"], begun.result["turn_id"])
        file = await turn_audio(self.http, self.session["id"], turn["id"])
        began = (speaker.position(begun.asked), speaker.position(begun.answered))
        self.turns.append((speaker, turn, began, speaker.position(over.asked), file))

    async def leave(self) -> None:
        for speaker in self.speakers:
            await speaker.stop()
        for peer in self.peers:
            await peer.leave()
        done(await self.http.delete(f"/v1/sessions/{self.session['id']}"))


async def test_tenRoomsForAMinute_loseNoFrameInATurn(cluster, own_room_server, serve, quiet, figures):
    service = await serve(environment(cluster.new_database(), own_room_server))
    async with service.client() as http:
        before = resident_kib(service.pid)
        rooms = [Room(http, number) for number in range(ROOMS)]
        try:
            for room in rooms:
                await room.enter(own_room_server)
            await asyncio.sleep(2)
            quiet.restart()
            began, cpu = time.monotonic(), cpu_seconds(service.pid)
            await asyncio.gather(*(room.take_turns(began + SECONDS) for room in rooms))
            took, cpu = time.monotonic() - began, cpu_seconds(service.pid) - cpu
            memory = resident_kib(service.pid) - before
            words = quiet.words()
            was_quiet = quiet.is_quiet
        finally:
            for room in rooms:
                await room.leave()
        turns = [turn for room in rooms for turn in room.turns]
        late = [value for room in rooms for speaker in room.speakers for value in speaker.late_ms]
        figures("ten rooms", f"{len(turns)} turns in {took:.0f} s; {100 * cpu / took / ROOMS:.1f} % of a core and "
                f"{memory / 1024 / ROOMS:.1f} MiB a room, with two talking clients each; {words}; "
                f"microphones late by {spread(late)}")
        check(turns, was_quiet, figures)

        async def ended():
            return all(row["status"] == "ended" for row in done(await http.get("/v1/sessions"))["data"])

        await until(ended, "no session")


def check(turns: list, was_quiet: bool, figures) -> None:
    """Each turn is of one piece, of its holder alone."""
    wrong, concealed, signal, begins, ends, dropped = [], 0.0, 0.0, [], [], 0
    for speaker, turn, (asked, answered), over, data in turns:
        timeline = decode(wav.read(data).samples, RATE, speaker.number, asked, 4000)
        where = f"{speaker.number}, {turn['id']}: {timeline}"
        dropped += turn["dropped_frames"]
        if turn["outcome"] != "committed" or not timeline.signal:
            wrong.append(f"{turn['outcome']}: {where}")
            continue
        left_out = [gap for gap in timeline.gaps if gap.length >= LOST_MS and not gap.concealed]
        if left_out:
            wrong.append(f"left out {left_out}: {where}")
        concealed += sum(gap.length for gap in timeline.gaps if gap.concealed)
        signal += timeline.total("signal")
        begins.append(timeline.first - (asked - 300))
        ends.append(timeline.last - over)
        travel = answered - asked
        if timeline.first > answered - 300 + 2 * FRAME_MS and was_quiet:
            wrong.append(f"begins {timeline.first - asked:.0f} ms after the call: {where}")
        if timeline.last < over - 2 * FRAME_MS or timeline.last > over + travel + 3 * FRAME_MS and was_quiet:
            wrong.append(f"ends {timeline.last - over:.0f} ms after the call: {where}")
    figures("ten rooms, audio", f"{signal / 1000:.0f} s of turns, {len(wrong)} findings, {100 * concealed / max(1, signal):.2f} % "
            f"concealed by jitter buffers, {dropped} frames reported as dropped; begins {spread(begins)}, ends {spread(ends)} after what was due")
    assert not wrong, f"{len(wrong)} of {len(turns)}:\n" + "\n".join(wrong[:5])
    assert dropped == 0 or not was_quiet
