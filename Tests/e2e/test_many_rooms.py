"""Ten rooms in which people take turns, all at once, for a while or a whole minute: no frame is lost in a turn."""

import asyncio
import os
import random
import time
from pathlib import Path

import pytest

from peers import Peer, token
from support.answers import done, until
from support.decoding import decode_files
from support.effort import enough
from support.figures import spread
from support.hearing import hears_in_turns
from support.processes import resident_kib
from support.service import environment
from support.speaker import CodedSpeaker
from support.turns import audio_policy, end, ended_turn, start, turn_audio

ROOMS, SECONDS = 10, enough(60, 20)
FRAME_MS = 20.0
LOST_MS = 15.0
# Shorter than the queue of the slowest; each turn once.
LEAST_MS, MOST_MS = 1200, 2600
AHEAD_MS = 150


def cpu_seconds(pid: int) -> float:
    """What the process has taken of a processor so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Room:
    """Two clients that take turns. One talks all the time; the other only takes the floor and gives it back, since
    twenty encoders in one process are more than a machine with two cores has left for them."""

    def __init__(self, http, number: int) -> None:
        self.http, self.number = http, number
        self.dice = random.Random(number)
        self.session: dict = {}
        self.peers: list[Peer] = []
        self.speaker: CodedSpeaker | None = None
        self.turns: list[tuple[CodedSpeaker, dict, tuple[float, float], float, bytes]] = []

    async def enter(self, server) -> None:
        policy = audio_policy(pre_roll_ms=300)
        name = f"many-{self.number}"
        self.session = done(await self.http.post("/v1/sessions", json={"room": name, "turn_policy": policy}), 201)
        for identity in ("alice", "bob"):
            peer = await Peer(identity).join(server, token(identity, name), auto_subscribe=False)
            self.peers.append(peer)
            await peer.sees_active("agent")
        self.speaker = await CodedSpeaker(self.peers[0], 200 + self.number, ahead_ms=AHEAD_MS).publish()
        await hears_in_turns(self.http, self.session, self.peers[0])

    async def take_turns(self, until_when: float) -> None:
        # Not all rooms in step.
        await asyncio.sleep(self.dice.uniform(0, 2))
        while time.monotonic() < until_when:
            await self._talk()
            begun = await start(self.peers[1])
            assert begun.result["holder"] == "bob"
            await asyncio.sleep(self.dice.uniform(0.05, 0.3))
            assert (await end(self.peers[1], begun.result)).ok

    async def _talk(self) -> None:
        begun = await start(self.peers[0])
        await asyncio.sleep(self.dice.uniform(LEAST_MS, MOST_MS) / 1000)
        over = await end(self.peers[0], begun.result)
        assert over.ok, over.body
        turn = await ended_turn(self.http, self.session["id"], begun.result["turn_id"])
        file = await turn_audio(self.http, self.session["id"], turn["id"])
        position = self.speaker.position
        began = (position(begun.asked), position(begun.answered))
        self.turns.append((self.speaker, turn, began, position(over.asked), file))

    async def leave(self) -> None:
        if self.speaker is not None:
            await self.speaker.stop()
        for peer in self.peers:
            await peer.leave()
        if self.session:
            done(await self.http.delete(f"/v1/sessions/{self.session['id']}"))


@pytest.mark.quiet
async def test_tenRoomsForAMinute_loseNoFrameInATurn(cluster, own_room_server, serve, quiet, figures):
    service = await serve(environment(cluster.new_database(), own_room_server))
    async with service.client() as http:
        before = resident_kib(service.pid)
        rooms = [Room(http, number) for number in range(ROOMS)]
        try:
            await asyncio.gather(*(room.enter(own_room_server) for room in rooms))
            await asyncio.sleep(2)
            quiet.restart()
            began, cpu = time.monotonic(), cpu_seconds(service.pid)
            await asyncio.gather(*(room.take_turns(began + SECONDS) for room in rooms))
            took, cpu = time.monotonic() - began, cpu_seconds(service.pid) - cpu
            memory = resident_kib(service.pid) - before
            words = quiet.words()
            was_quiet = quiet.is_quiet
        finally:
            await asyncio.gather(*(room.leave() for room in rooms))
        turns = [turn for room in rooms for turn in room.turns]
        late = [value for room in rooms for value in room.speaker.late_ms]
        figures("ten rooms", f"{len(turns)} turns in {took:.0f} s; {100 * cpu / took / ROOMS:.1f} % of a core and "
                f"{memory / 1024 / ROOMS:.1f} MiB a room, with two clients each of which one talks; {words}; "
                f"microphones late by {spread(late)}")
        check(turns, was_quiet, figures)

        async def ended():
            return all(row["status"] == "ended" for row in done(await http.get("/v1/sessions"))["data"])

        await until(ended, "no session")


def check(turns: list, was_quiet: bool, figures) -> None:
    """Each turn is of one piece, of its holder alone."""
    wrong, concealed, signal, begins, ends, dropped, unplaced = [], 0.0, 0.0, [], [], 0, 0
    timelines = decode_files([(data, speaker.number, asked, 4000) for speaker, _, (asked, _), _, data in turns])
    # No pre-roll reaches back over the end of the speaker's turn before.
    ended: dict[int, float] = {}
    for (speaker, turn, (asked, answered), over, _), timeline in zip(turns, timelines, strict=True):
        last, ended[speaker.number] = ended.get(speaker.number, 0.0), over
        due, settled = max(asked - 300, last), max(answered - 300, last)
        where = f"{speaker.number}, {turn['id']}: {timeline}"
        dropped += turn["dropped_frames"]
        if not timeline.signal and not was_quiet:
            # So much was late that nothing of it can be read.
            unplaced += 1
            continue
        if turn["outcome"] != "committed" or not timeline.signal:
            wrong.append(f"{turn['outcome']}: {where}")
            continue
        left_out = [gap for gap in timeline.gaps if gap.length >= LOST_MS and not gap.concealed]
        if left_out:
            wrong.append(f"left out {left_out}: {where}")
        concealed += sum(gap.length for gap in timeline.gaps if gap.concealed)
        signal += timeline.total("signal")
        if speaker.worst_late_ms(asked - 1000, over + 500) > AHEAD_MS / 2:
            # The microphone itself was late: its signal is whole, but nobody knows when it was said.
            unplaced += 1
            continue
        outside = timeline.first < due - 5 * FRAME_MS or timeline.last > over + (answered - asked) + 5 * FRAME_MS
        begins.append(timeline.first - due)
        ends.append(timeline.last - over)
        short = timeline.first > settled + 3 * FRAME_MS or timeline.last < over - 3 * FRAME_MS
        # On a busy machine a microphone runs late by itself, which moves both edges alike: what counts
        # then is the length.
        length = (timeline.last - timeline.first) - (over - due)
        lost = abs(length) > (answered - asked) + 6 * FRAME_MS
        if lost or (was_quiet and (outside or short)):
            wrong.append(f"asked {asked:.0f}, over {over:.0f}: {where}")
    figures("ten rooms, audio", f"{signal / 1000:.0f} s of turns, {len(wrong)} findings, {unplaced} with a late microphone, "
            f"{100 * concealed / max(1, signal):.2f} % concealed by jitter buffers, {dropped} frames reported as dropped; "
            f"begins {spread(begins)}, ends {spread(ends)} after what was due")
    assert not wrong, f"{len(wrong)} of {len(turns)}:\n" + "\n".join(wrong[:5])
    assert concealed < 0.002 * signal or not was_quiet
    assert dropped == 0 or not was_quiet
