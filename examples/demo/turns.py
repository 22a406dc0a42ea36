"""A round of turn-taking: alice, bob and an agent, with real sound, and a proof of what passed the gate."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import numpy

import sound
from person import Clock, Diary, Person
from story import StepFailed, Story, table

PRE_ROLL = 0.5
READER_RATE = 16_000
ANSWER, LONG_ANSWER, NOTE = ["C5", "E5", "G5", "C6"], ["A5", "G5", "E5", "C5", "E5", "G5", "A5", "C6"], 0.3
# What is too much; a step prints what it really was. The slack of a busy machine comes on top.
INSIDE, OUTSIDE, STRETCH, ODD = 0.06, 0.20, 0.05, 0.07
EARLY, LATE = 0.08, 0.40
CANCELLED = 0.03
BUSY = 0.04


@dataclass
class Round:
    """The round as it is played, and what is known about it afterwards."""

    http: httpx.AsyncClient
    session: str
    clock: Clock
    diary: Diary
    people: dict[str, Person]
    pieces: list[tuple[float, bytes]] = field(default_factory=list)
    gates: list[tuple[float, dict[str, tuple[bool, str]]]] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    speeches: list[dict] = field(default_factory=list)
    turns: list[dict] = field(default_factory=list)
    states: list[dict] = field(default_factory=list)
    passed: list[sound.Sound] = field(default_factory=list)
    held_up: float = 0.0

    @property
    def path(self) -> str:
        return f"/v1/sessions/{self.session}"

    @property
    def is_busy(self) -> bool:
        """Whether this machine has more to do than it can: others than we may have been held up then."""
        return self.held_up > BUSY or os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)

    @property
    def slack(self) -> float:
        """What this machine's hold-ups may add to a delay, in seconds."""
        return self.held_up + (0.1 if self.is_busy else 0)

    def seconds(self, timestamp: str) -> float:
        return self.clock.of(datetime.fromisoformat(timestamp).timestamp())

    @property
    def stream(self) -> numpy.ndarray:
        return numpy.frombuffer(b"".join(piece for _, piece in self.pieces), "<i2")

    # Beside the round: who reads what passes, and how the gates stand.

    async def read(self) -> None:
        query = {"format": "pcm", "sample_rate": READER_RATE}
        async with self.http.stream("GET", f"{self.path}/audio-input/stream", params=query, timeout=None) as answer:
            answer.raise_for_status()
            async for piece in answer.aiter_raw():
                self.pieces.append((self.clock.now, piece))

    async def watch(self) -> None:
        while True:
            report = (await self.http.get(f"{self.path}/audio-input")).raise_for_status().json()
            gates = {gate["identity"]: (gate["gate"] == "open", gate["reason"]) for gate in report["participants"]}
            self.gates.append((self.clock.now, gates))
            await asyncio.sleep(0.05)

    async def feel(self) -> None:
        """Notes how long this machine holds us up at most: the room and the service feel the like of it."""
        while True:
            due = self.clock.now + 0.01
            await asyncio.sleep(0.01)
            self.held_up = max(self.held_up, self.clock.now - due)

    async def say(self, notes: list[str]) -> dict:
        """Uploads a melody no faster than it sounds, as a text-to-speech would."""
        wav = sound.melody(notes, NOTE)
        self.marks["first byte"] = self.clock.now

        async def pieces():
            size, began = sound.RATE * 2 // 25, self.clock.now
            for number, start in enumerate(range(0, len(wav), size)):
                yield wav[start:start + size]
                await asyncio.sleep(began + (number + 1) / 25 - self.clock.now)
            self.marks["last byte"] = self.clock.now

        query, kind = {"wait_ms": 10_000}, {"Content-Type": "audio/wav"}
        answer = await self.http.post(f"{self.path}/speech", params=query, content=pieces(), headers=kind)
        if answer.status_code != 201:
            raise StepFailed(f"POST speech: status {answer.status_code}: {answer.text}")
        self.speeches.append(answer.json())
        return answer.json()

    def last_sound(self, who: str, before: float | None = None) -> float:
        """When the end of the agent's last sound was heard."""
        loud = [at for at, level, _ in self.diary.heard[who] if level > 1000 and (before is None or at < before)]
        return loud[-1] + 0.01


async def play_round(http: httpx.AsyncClient, story: Story) -> Round:
    clock, diary = Clock(), Diary()
    people = {name: Person(name, clock, diary) for name in ("alice", "bob")}
    beside: list[asyncio.Task] = []
    round = Round(http, "", clock, diary, people)
    try:
        await play(story, round, beside)
    except StepFailed as failure:
        if not round.is_busy:
            raise
        raise StepFailed(f"{failure}. But this machine is busy (load {os.getloadavg()[0]:.1f}, "
                         f"held up for {round.held_up * 1000:.0f} ms at a time): try again when it is less so") from None
    return round


async def play(story: Story, round: Round, beside: list[asyncio.Task]) -> None:
    try:
        await gather(story, round, beside)
        await take_the_floor(story, round)
        await hand_over(story, round)
        await cancel_and_go_on(story, round)
        await hear_the_agent(story, round)
        await interrupt_the_agent(story, round)
        await close(story, round, beside)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await asyncio.gather(*(person.leave() for person in round.people.values()))
    await prove(story, round)


async def gather(story: Story, round: Round, beside: list[asyncio.Task]) -> None:
    with story.step("alice and bob meet an agent, microphones on; a recogniser reads what passes the gate") as step:
        body = {"room": f"round-{time.time_ns()}", "agent": {"identity": "agent", "name": "Ava"},
                "turn_policy": {"pre_roll_ms": int(PRE_ROLL * 1000), "keep_turn_audio": True}}
        answer = await round.http.post("/v1/sessions", json=body)
        step.check(answer.status_code == 201, f"status {answer.status_code}: {answer.text}")
        round.session = answer.json()["id"]
        await asyncio.gather(*(join(round, person) for person in round.people.values()))
        beside.append(asyncio.create_task(round.read()))
        beside.append(asyncio.create_task(round.watch()))
        beside.append(asyncio.create_task(round.feel()))
        await until_gates(round, lambda gates: set(gates) == set(round.people))
        await asyncio.sleep(0.5)  # the jitter buffers find their depth
        round.marks["begin"] = round.clock.now - 0.2
        gates = round.gates[-1][1]
        for name, (is_open, reason) in sorted(gates.items()):
            step.say(f"{name}: gate {'open' if is_open else 'closed'} ({reason})")
        wrong = [name for name, gate in gates.items() if gate != (False, "no_turn")]
        step.check(not wrong, f"nobody has the floor, and the gate is not closed for that for {' and '.join(wrong)}")


async def join(round: Round, person: Person) -> None:
    answer = await round.http.post(f"{round.path}/participant-tokens", json={"identity": person.identity})
    token = answer.raise_for_status().json()
    await person.join(token["url"], token["token"])


async def until_gates(round: Round, holds, seconds: float = 5) -> None:
    deadline = round.clock.now + seconds
    while not (round.gates and holds(round.gates[-1][1])):
        if round.clock.now > deadline:
            raise StepFailed(f"waited {seconds} s in vain; the gates are {round.gates[-1:]}")
        for person in round.people.values():
            person.check()
        await asyncio.sleep(0.02)


async def take_the_floor(story: Story, round: Round) -> None:
    alice, bob = round.people["alice"], round.people["bob"]
    with story.step("alice begins to speak, 300 ms later she calls start_turn; bob wants the floor, too") as step:
        await alice.talk()
        await asyncio.sleep(0.3)
        turn = await alice.call("start_turn")
        granted(step, "alice's start_turn", turn)
        pre_roll = turn["result"]["pre_roll_ms"] / 1000
        step.check(pre_roll == PRE_ROLL, f"alice's turn has {pre_roll} s of pre-roll, and not {PRE_ROLL}")
        step.say(f"alice: start_turn → turn {turn['result']['epoch']}, pre-roll {turn['result']['pre_roll_ms']} ms")
        await asyncio.sleep(0.5)
        await bob.talk()
        await asyncio.sleep(0.1)
        refused = await bob.call("start_turn")
        step.check(not refused["success"] and (refused["code"], refused["holder"]) == ("floor_taken", "alice"),
                   f"bob's start_turn was answered {refused}, though alice has the floor")
        step.say(f"bob: start_turn → {refused['code']}: {refused['error']}")
        await asyncio.sleep(0.5)
        await bob.hush()
        queued = await bob.call("start_turn", queue=True)
        granted(step, "bob's start_turn with queue", queued, place=1)
        step.say(f"bob: start_turn with queue → place {queued['result']['place']}, behind {queued['result']['holder']}")
        round.marks["turn 1"] = turn["result"]["epoch"]
        await asyncio.sleep(0.4)


def granted(step, what: str, answer: dict, **wanted) -> None:
    """Fails unless a call of a built-in method did what was wanted."""
    step.check(answer["success"], f"{what} was refused: {answer.get('code')}: {answer.get('error')}")
    for name, value in wanted.items():
        got = answer["result"].get(name)
        step.check(got == value, f"{what}: {name} is {got}, and not {value}")


async def hand_over(story: Story, round: Round) -> None:
    alice, bob = round.people["alice"], round.people["bob"]
    with story.step("alice ends her turn; bob is offered the floor and takes it") as step:
        await alice.hush()
        await asyncio.sleep(0.1)
        asked = round.clock.now
        ended = await alice.call("end_turn", epoch=int(round.marks["turn 1"]))
        granted(step, "alice's end_turn", ended, outcome="committed")
        step.say(f"alice: end_turn → {ended['result']['outcome']}, {ended['result']['audio_ms']} ms")
        offer = await bob.told(asked)
        step.check(offer is not None and "turn_offer" in offer.payload, f"bob was told {offer}")
        step.say(f"bob was told {offer.payload} {(offer.at - asked) * 1000:.0f} ms after alice's call")
        await asyncio.sleep(0.3)
        await bob.talk()
        await asyncio.sleep(0.2)
        turn = await bob.call("start_turn")
        granted(step, "bob's start_turn", turn)
        step.say(f"bob: start_turn → turn {turn['result']['epoch']}")
        round.marks["turn 2"] = turn["result"]["epoch"]


async def cancel_and_go_on(story: Story, round: Round) -> None:
    bob = round.people["bob"]
    with story.step("bob takes it back: cancel_turn, and speaks on; 300 ms later he starts another turn") as step:
        await asyncio.sleep(0.7)
        gone = await bob.call("cancel_turn", epoch=int(round.marks["turn 2"]))
        granted(step, "bob's cancel_turn", gone, outcome="cancelled")
        step.say(f"bob: cancel_turn → turn {gone['result']['epoch']} is {gone['result']['outcome']}")
        stale = await bob.call("end_turn", epoch=int(round.marks["turn 2"]))
        step.check(not stale["success"] and stale["code"] == "stale_turn", f"bob's end_turn of a cancelled turn was answered {stale}")
        step.say(f"bob: end_turn of it → {stale['code']}: {stale['error']}")
        await asyncio.sleep(0.3)
        turn = await bob.call("start_turn")
        granted(step, "bob's start_turn", turn)
        step.say(f"bob: start_turn → turn {turn['result']['epoch']}, pre-roll {turn['result']['pre_roll_ms']} ms of "
                 f"{PRE_ROLL * 1000:.0f}: it does not reach back over the cancelled one")
        await asyncio.sleep(0.9)
        await bob.hush()
        await asyncio.sleep(0.1)
        ended = await bob.call("end_turn", turn_id=turn["result"]["turn_id"])
        granted(step, "bob's end_turn", ended, outcome="committed")
        step.say(f"bob: end_turn → {ended['result']['outcome']}, {ended['result']['audio_ms']} ms")


async def hear_the_agent(story: Story, round: Round) -> None:
    alice = round.people["alice"]
    with story.step("The agent thinks, then speaks: POST speech, uploaded at the pace of the sound") as step:
        answer = await round.http.put(f"{round.path}/agent-state", json={"state": "thinking"})
        step.check(answer.status_code == 200, f"status {answer.status_code}: {answer.text}")
        await asyncio.sleep(0.4)
        asked = round.clock.now
        speaking = asyncio.create_task(round.say(ANSWER))
        try:
            first = await first_sound(alice, round, asked)
            begun = round.marks["first byte"]
            round.marks["first upload"], round.marks["first sound"] = begun, first
            step.say(f"first byte → first sound at alice: {(first - begun) * 1000:.0f} ms; the upload went on")
            await asyncio.sleep(0.3)
            await alice.talk()  # over the agent: nobody has a turn, nothing of it passes
            await asyncio.sleep(0.4)
            await alice.hush()
            speech = await speaking
        finally:
            speaking.cancel()
        step.check(speech["status"] == "completed", f"the speech is {speech['status']}, and was to be played to its end")
        step.check(first < round.marks["last byte"], "nothing was heard before the upload was over")
        told = [await person.told(first) for person in round.people.values()]
        step.check(all(told), "not everybody was told that it is their turn")
        await asyncio.sleep(0.15)  # had a sound come after the notification, it would be in by now
        rows = [row_of(round, notice) for notice in told]
        table(step, ["who", "last sound heard at", "told at", "offset"], rows)
        for notice in told:
            offset = notice.at - round.last_sound(notice.who)
            step.check(-EARLY - round.slack <= offset <= LATE + round.slack,
                       f"{notice.who} was told {offset * 1000:+.0f} ms after the last sound")
        heard = sound.notes_in(numpy.concatenate([part for _, _, part in round.diary.heard["alice"]]), sound.RATE)
        step.check(heard == ANSWER, f"alice heard {heard}, and not {ANSWER}")
        step.say(f"alice heard {' '.join(heard)}, and was heard by nobody while she spoke into it")


async def first_sound(person: Person, round: Round, since: float) -> float:
    while not person.hears_agent(since):
        if round.clock.now > since + 5:
            raise StepFailed(f"{person.identity} did not hear the agent within 5 s")
        person.check()
        await asyncio.sleep(0.005)
    return next(at for at, level, _ in round.diary.heard[person.identity] if at >= since and level > 1000)


def row_of(round: Round, notice) -> list[str]:
    last = round.last_sound(notice.who)
    begin = round.marks["begin"]
    return [notice.who, f"{last - begin:.3f} s", f"{notice.at - begin:.3f} s", f"{(notice.at - last) * 1000:+.0f} ms"]


async def interrupt_the_agent(story: Story, round: Round) -> None:
    bob = round.people["bob"]
    with story.step("The agent speaks again; bob cuts it short with start_turn") as step:
        await asyncio.sleep(0.3)
        asked = round.clock.now
        speaking = asyncio.create_task(round.say(LONG_ANSWER))
        try:
            first = await first_sound(bob, round, asked)
            await asyncio.sleep(0.8)
            await bob.talk()
            await asyncio.sleep(0.2)
            called = round.clock.now
            turn = await bob.call("start_turn")
            granted(step, "bob's start_turn", turn)
            await asyncio.sleep(0.9)
            await bob.hush()
            await asyncio.sleep(0.1)
            ended = await bob.call("end_turn", turn_id=turn["result"]["turn_id"])
            speech = await asyncio.wait_for(speaking, 10)
        finally:
            speaking.cancel()
        step.check(speech["status"] == "interrupted", f"the speech is {speech['status']}, though bob has interrupted it")
        granted(step, "bob's end_turn", ended, outcome="committed")
        silent = round.last_sound("bob") - called
        heard = round.last_sound("bob") - first + 0.01
        step.check(abs(heard - speech["played_ms"] / 1000) < 0.12 + 2 * round.slack,
                   f"{speech['played_ms']} ms were played, they say, and {heard * 1000:.0f} ms heard")
        step.check(silent < 0.3 + 2 * round.slack, f"the agent was still heard {silent * 1000:.0f} ms after start_turn")
        step.say(f"bob: start_turn → the agent is silent for him {silent * 1000:.0f} ms later; "
                 f"the speech is {speech['status']} after {speech['played_ms']} ms, he heard {heard * 1000:.0f} ms of it")
        floor = (await bob.call("get_turn_state"))["result"]["floor"]
        step.check(floor.get("holder") is None, f"bob has ended his turn, and {floor.get('holder')} has the floor")


async def close(story: Story, round: Round, beside: list[asyncio.Task]) -> None:
    with story.step("What the service wrote down") as step:
        await asyncio.sleep(0.2)
        turns = (await round.http.get(f"{round.path}/turns")).raise_for_status().json()["data"]
        round.turns = sorted(turns, key=lambda turn: turn["epoch"])
        table(step, ["turn", "holder", "outcome", "by", "pre-roll", "audio", "speech"],
              [[str(turn["epoch"]), turn["holder"], str(turn["outcome"]), str(turn["end_reason"]),
                f"{turn['pre_roll_ms']} ms", f"{turn['audio_ms']} ms", f"{turn['speech_ms']} ms"] for turn in round.turns])
        outcomes = [(turn["holder"], turn["outcome"]) for turn in round.turns]
        wanted = [("alice", "committed"), ("bob", "cancelled"), ("bob", "committed"), ("bob", "committed")]
        step.check(outcomes == wanted, f"the turns are {outcomes}")
        incidents = (await round.http.get(f"{round.path}/incidents")).raise_for_status().json()["data"]
        step.say(f"the watchdog found {', '.join(one['finding'] for one in incidents) or 'nothing'}")
        for turn in round.turns:
            turn["audio"], turn["calls"] = await kept(round, turn, step), calls_of(round, turn)
        round.marks["end"] = round.clock.now
        (await round.http.delete(round.path)).raise_for_status()
        await asyncio.wait_for(beside[0], 5)
        round.states = (await round.http.get(f"{round.path}/agent-states")).raise_for_status().json()["data"]
        step.say("states: " + " → ".join(row["new_state"] for row in round.states))


async def kept(round: Round, turn: dict, step) -> tuple[numpy.ndarray, int] | None:
    """A turn's WAV; a cancelled one must have none."""
    answer = await round.http.get(f"{round.path}/turns/{turn['id']}/audio")
    if turn["outcome"] == "cancelled":
        step.check(answer.status_code == 404, f"the cancelled turn's audio is to be had: status {answer.status_code}")
        return None
    step.check(answer.status_code == 200, f"the audio of turn {turn['epoch']} is not to be had: status {answer.status_code}")
    return sound.read_wav(answer.content)


async def prove(story: Story, round: Round) -> None:
    with story.step("The proof: each voice's pitch says whose it is and when it was said") as step:
        round.passed = sound.decode(round.stream, READER_RATE)
        step.check(bool(round.passed), "nothing was read from the gate's stream")
        cancelled = next(call.at for call in round.diary.calls if call.method == "cancel_turn")
        rows = [prove_turn(step, round, turn, cancelled) for turn in round.turns if turn["audio"]]
        table(step, ["turn", "whose voice", "said at", "begins", "ends", "out of place", "others"], rows)
        step.say("begins: after the call start_turn; ends: after the call end_turn; both in the speaker's time")
        strays = [found for found in round.passed if found.who == "alice" and found.said > rows_end(round)]
        step.check(not strays, f"alice passed the gate outside her turn: {strays[:3]}")
        total = sum(turn["audio_ms"] for turn in round.turns) / 1000
        length = len(round.stream) / READER_RATE
        step.check(abs(total - length) < 0.1, f"the stream has {length:.2f} s and the turns {total:.2f} s")
        step.say(f"the longest that this machine held everything up: {round.held_up * 1000:.0f} ms")
        step.say(f"the recogniser got {length:.2f} s: the {len(round.turns)} turns and nothing else")


def rows_end(round: Round) -> float:
    return round.seconds(round.turns[0]["ended_at"])


def prove_turn(step, round: Round, turn: dict, cancelled: float) -> list[str]:
    """Whether a turn's WAV has its holder's voice from the pre-roll to the end, and nothing else."""
    samples, rate = turn["audio"]
    name, holder = f"turn {turn['epoch']}", turn["holder"]
    found = sound.decode(samples, rate)
    step.check(len(found) > 10, f"{name} is silent")
    others = {one.who for one in found} - {holder}
    step.check(not others, f"{name} is {holder}'s and has {others}")
    other = "bob" if holder == "alice" else "alice"
    stray = sound.share_of(other, samples, rate)
    step.check(stray < 0.01, f"{stray:.1%} of {name} is {other}'s")
    odd, start, end = pace(found, len(samples) / rate, STRETCH + round.slack)
    step.check(odd < ODD + 1.5 * round.slack, f"in {name} {odd * 1000:.0f} ms are not where they belong")
    begin_call, end_call, zero = *turn["calls"], round.marks["begin"]
    early = cancelled - start
    step.check(turn["epoch"] != 3 or early < CANCELLED + round.slack, f"{name} has {early * 1000:.0f} ms of the cancelled turn")
    first = begin_call - found[0].said
    step.check(turn["epoch"] != 1 or first > 0.2, f"alice began 300 ms before her call; only {first * 1000:.0f} of them are in her turn")
    late, cut = start - begin_call + turn["pre_roll_ms"] / 1000, end_call - end
    step.check(late < INSIDE + round.slack, f"{name} lacks the first {late * 1000:.0f} ms")
    step.check(late > -OUTSIDE - round.slack, f"{name} begins {-late * 1000:.0f} ms too early")
    step.check(cut < INSIDE + round.slack, f"{name} lacks the last {cut * 1000:.0f} ms")
    step.check(cut > -OUTSIDE - round.slack, f"{name} ends {-cut * 1000:.0f} ms too late")
    return [str(turn["epoch"]), holder, f"{start - zero:.2f}…{end - zero:.2f} s", f"{(start - begin_call) * 1000:+.0f} ms",
            f"{(end - end_call) * 1000:+.0f} ms", f"{odd * 1000:.0f} ms", f"{stray:.2%}"]


def pace(found: list[sound.Sound], length: float, slack: float = STRETCH) -> tuple[float, float, float]:
    """How much of a recording is further than `slack` from its place; when its begin and its end were said."""
    offsets = [one.said - one.at for one in found]
    middle = float(numpy.median(offsets))
    odd = sum(sound.HOP for one in offsets if abs(one - middle) > slack)
    return odd, float(numpy.median(offsets[:5])), float(numpy.median(offsets[-5:])) + length


def calls_of(round: Round, turn: dict) -> tuple[float, float]:
    """When the calls were made that began and ended a turn."""
    calls = [call for call in round.diary.calls
             if call.answer["success"] and call.answer["result"].get("turn_id") == turn["id"]]
    return next(call.at for call in calls if call.method == "start_turn"), calls[-1].at
