"""The round as a picture: who spoke, what passed, who had the floor, what the agent did, who was told what and when."""

from __future__ import annotations

from dataclasses import dataclass

import sound
from svg import Drawing, text_width
from turns import Round, pace

PALETTE = {  # name: (light, dark)
    "ground": ("#ffffff", "#0f141b"), "ink": ("#1b2430", "#e6ebf2"), "soft": ("#5b6675", "#9aa7b8"),
    "grid": ("#e7ebf0", "#232c38"), "band": ("#f6f8fa", "#151c25"), "unheard": ("#b3bcc8", "#4b5768"),
    "alice": ("#2563eb", "#6ea8fe"), "bob": ("#c2570c", "#ffab5e"), "agent": ("#7c3aed", "#b794f6"),
    "told": ("#047857", "#4ade9b"), "refused": ("#c81e1e", "#ff8a80"), "on": ("#ffffff", "#0f141b"),
    "listening": ("#d9f2e6", "#153b2c"), "thinking": ("#fdecc8", "#453512"), "speaking": ("#e6dcfb", "#35235c"),
}
SCALE, LEFT, RIGHT = 122.0, 128.0, 28.0  # pixels per second; the lanes' margins
LEVEL, VOICE, GATE, GAP = 17.0, 58.0, 17.0, 6.0
LOUDEST = 0.75 * sound.LOUDNESS


@dataclass
class Label:
    """What stands over (or under) a voice, at its moment."""

    at: float
    text: str
    colour: str
    kind: str  # call, wait, refused, told
    level: int = 0
    is_left: bool = False

    def span(self, is_left: bool) -> tuple[float, float]:
        """From where to where its text would reach, in pixels from the round's zero."""
        x, width = self.at * SCALE, text_width(self.text, 11.5) + 12
        return (x - width, x) if is_left else (x, x + width)


class Picture:
    """Places everything; seconds of the round become pixels by `x`."""

    def __init__(self, round: Round) -> None:
        self._round = round
        self._begin = round.marks["begin"]
        self._labels = {name: placed(labels_of(round, name), self._begin) for name in ("alice", "bob")}
        self._stop = round.marks["end"]
        self._end = max([self._stop, *(label.span(label.is_left)[1] / SCALE
                                       for labels in self._labels.values() for label in labels)])
        self._width = LEFT + (self._end - self._begin) * SCALE + RIGHT
        self._draw = Drawing(PALETTE)
        for name in ("alice", "bob"):
            self._draw.hatching(f"hatch-{name}", name)
        self._draw.hatching("hatch-agent", "agent")

    def x(self, second: float) -> float:
        return LEFT + (min(max(second, self._begin), self._end) - self._begin) * SCALE

    def svg(self) -> str:
        heights = {name: (max((label.level for label in labels), default=0) + 1) * LEVEL + 4
                   for name, labels in self._labels.items()}
        top = 106.0
        alice_voice = top + heights["alice"]
        alice_gate = alice_voice + VOICE + GAP
        floor = alice_gate + GATE + 26
        state = floor + 46
        heard = state + 28
        bob_gate = heard + VOICE + 26
        bob_voice = bob_gate + GATE + GAP
        bottom = bob_voice + VOICE + heights["bob"]
        legend = bottom + 44

        self._title()
        self._bands((top - 8, alice_gate + GATE + 8), (floor - 10, heard + VOICE + 8), (bob_gate - 8, bottom + 8))
        self._grid(top - 8, bottom + 8)
        self._person("alice", alice_voice, alice_gate, up=True)
        self._floor(floor)
        self._states(state)
        self._heard(heard)
        self._person("bob", bob_voice, bob_gate, up=False)
        self._notifications(state, alice_voice, bob_voice)
        self._legend(legend)
        return self._draw.document(
            self._width, legend + 58, "A round of turn-taking",
            "Who spoke, what passed the gate, who had the floor, what the agent did, and who was told, over time.")

    # The frame.

    def _title(self) -> None:
        self._draw.text(20, 34, "A round of turn-taking, as it was measured", size=20, font_weight=650)
        self._draw.text(20, 56, "Each voice is a tone whose pitch tells whose it is and when it was said: coloured is what came "
                        "out of the gate's stream, at the moment its speaker said it.", "soft", 12.5)
        first = self._round.marks["first sound"] - self._round.marks["first upload"]
        offsets = ", ".join(f"{notice.who} {told_after(self._round, notice):+.0f} ms".replace("-", "−")
                            for notice in self._round.diary.notices if "turn_offer" not in notice.payload)
        self._draw.text(20, 75, f"Speech is heard {first * 1000:.0f} ms after the first byte of its upload. “Your turn” arrives "
                        f"when its end is heard: {offsets}.", "soft", 12.5)

    def _bands(self, *bands: tuple[float, float]) -> None:
        for top, bottom in bands:
            self._draw.rect(8, top, self._width - 16, bottom - top, "band", radius=8)

    def _grid(self, top: float, bottom: float) -> None:
        for second in range(int(self._end - self._begin) + 1):
            x = LEFT + second * SCALE
            self._draw.line(x, top, x, bottom, "grid")
            self._draw.text(x, bottom + 16, f"{second} s", "soft", 11, text_anchor="middle")

    def _name(self, y: float, name: str, what: str, colour: str = "ink") -> None:
        if name:
            self._draw.text(22, y, name, colour, 14, font_weight=650)
        self._draw.text(22, y + (16 if name else 0), what, "soft", 11)

    # A person.

    def _person(self, name: str, voice: float, gate: float, up: bool) -> None:
        self._name(voice + VOICE / 2 - 4, name, "voice, as said", name)
        self._name(gate + 12.5, "", "gate")
        for turn in self._round.turns:
            if turn["holder"] == name:
                self._passage(name, turn, voice)
        self._voice(name, voice)
        self._gate(name, gate)
        for label in self._labels[name]:
            self._label(label, voice, gate, up)

    def _passage(self, name: str, turn: dict, voice: float) -> None:
        """Where in the speaker's time a turn's audio is from; hatched, what was before the call."""
        start, end = turn["passed"]
        call = turn["calls"][0]
        self._draw.rect(self.x(start), voice, self.x(end) - self.x(start), VOICE, name, opacity="0.10")
        self._draw.hatched(self.x(start), voice, self.x(call) - self.x(start), VOICE, f"hatch-{name}", opacity="0.22")

    def _voice(self, name: str, voice: float) -> None:
        said = [(at, level) for at, level in self._round.diary.said[name] if level > sound.AUDIBLE and at >= self._begin]
        found: dict[str, set[int]] = {}
        for one, turn in by_turn(self._round):
            found.setdefault(turn["id"], set()).add(int(one.said / sound.HOP))
        kinds: dict[str, list] = {"unheard": [], name: [], "back": []}
        for at, level in said:
            # Half a window of the decoder on either side of where it found something.
            near = {int(at / sound.HOP) + shift for shift in (-1, 0, 1)}
            turn = next((turn for turn in self._round.turns if turn["holder"] == name and near & found.get(turn["id"], set())
                         and turn["passed"][0] - 0.005 <= at <= turn["passed"][1]), None)
            kind = "unheard" if turn is None else "back" if turn["outcome"] == "cancelled" else name
            kinds[kind].append(self._bar(at + 0.01, level, voice))
        self._draw.strokes(kinds["unheard"], "unheard", 1.5)
        self._draw.strokes(kinds[name], name, 1.5)
        self._draw.strokes(kinds["back"], name, 1.5, opacity="0.42")
        for turn in self._round.turns:
            if turn["holder"] == name and turn["outcome"] == "cancelled":
                start, end = turn["passed"]
                self._draw.line(self.x(start), voice + VOICE / 2, self.x(end), voice + VOICE / 2, "refused", 1.6)

    def _bar(self, at: float, level: float, lane: float) -> tuple[float, float, float]:
        half = max(min(level / LOUDEST, 1) * VOICE / 2, 0.6)
        return self.x(at), lane + VOICE / 2 - half, lane + VOICE / 2 + half

    def _gate(self, name: str, gate: float) -> None:
        for start, end, reason in gate_of(self._round, name, self._begin, self._stop):
            left, right = self.x(start), self.x(end)
            if reason == "turn":
                self._draw.rect(left, gate, right - left, GATE, name)
                self._inside(left, right, gate + 12.5, "on", "open")
            else:
                self._draw.rect(left, gate + GATE / 2 - 1.5, right - left, 3, "unheard", radius=1.5, opacity="0.6")
                self._over(left, right, gate + GATE / 2, reason)

    def _inside(self, left: float, right: float, base: float, colour: str, *texts: str) -> None:
        """The first of the texts that there is room for."""
        text = next((text for text in texts if text_width(text, 10.5) < right - left - 4), None)
        if text:
            self._draw.text((left + right) / 2, base, text, colour, 10.5, text_anchor="middle")

    def _over(self, left: float, right: float, middle: float, text: str) -> None:
        """A word on a line, which it interrupts."""
        width = text_width(text, 10.5)
        if width < right - left - 12:
            centre = (left + right) / 2
            self._draw.rect(centre - width / 2 - 3, middle - 7, width + 6, 14, "band", radius=0)
            self._draw.text(centre, middle + 3.7, text, "soft", 10.5, text_anchor="middle")

    def _label(self, label: Label, voice: float, gate: float, up: bool) -> None:
        x, near = self.x(label.at), voice if up else voice + VOICE
        base = near - 7 - label.level * LEVEL if up else near + 15 + label.level * LEVEL
        far = gate + GATE if up else gate
        dashes = {"stroke_dasharray": "3 3"} if label.kind == "refused" else {}
        if label.kind != "told":
            self._draw.line(x, base - 4, x, far if label.kind == "call" else near, label.colour, 1.3, **dashes)
            self._draw.circle(x, near, 3, label.colour)
        else:
            self._draw.line(x, base - 4, x, near, label.colour, 1.3)
        side = {"text_anchor": "end"} if label.is_left else {}
        self._draw.text(x + (-5 if label.is_left else 5), base, label.text, label.colour, 11.5, **side)

    # The middle.

    def _floor(self, floor: float) -> None:
        self._name(floor + 10, "floor", "holder, and who waits")
        for turn in self._round.turns:
            left, right = self.x(self._round.seconds(turn["started_at"])), self.x(self._round.seconds(turn["ended_at"]))
            self._draw.rect(left, floor, right - left, 17, turn["holder"])
            self._inside(left, right, floor + 12.5, "on", f"turn {turn['epoch']} · {turn['outcome']}", f"turn {turn['epoch']}")
        queued = next(call for call in self._round.diary.calls if call.payload.get("queue"))
        offer = next(notice for notice in self._round.diary.notices if "turn_offer" in notice.payload)
        taken = next(call for call in self._round.diary.calls if call.who == "bob" and call.at > offer.at)
        self._draw.rect(self.x(queued.answered), floor + 21, self.x(offer.at) - self.x(queued.answered), 5, "bob")
        self._draw.text(self.x(queued.answered) - 6, floor + 29, "bob waits", "soft", 10.5, text_anchor="end")
        self._draw.hatched(self.x(offer.at), floor, self.x(taken.answered) - self.x(offer.at), 17, "hatch-bob", opacity="0.55")
        self._draw.text(self.x(offer.at) + 5, floor + 29, "offered to bob", "soft", 10.5)

    def _states(self, state: float) -> None:
        self._name(state + 10, "agent", "state", "agent")
        rows = self._round.states
        ends = [self._round.seconds(row["at"]) for row in rows[1:]] + [self._stop]
        for row, end in zip(rows, ends):
            start = self._round.seconds(row["at"])
            if row["new_state"] in PALETTE and end > self._begin:
                left, right = self.x(start), self.x(end)
                self._draw.rect(left, state, right - left - 1, 20, row["new_state"])
                self._inside(left, right, state + 14, "ink", row["new_state"])

    def _heard(self, heard: float) -> None:
        self._name(heard + VOICE / 2 - 4, "", "its voice, as heard")
        self._draw.text(22, heard + VOICE / 2 + 11, "by alice ↑ and bob ↓", "soft", 11)
        middle = heard + VOICE / 2
        lines = []
        for name, sign in (("alice", -1), ("bob", 1)):
            for at, level, _ in self._round.diary.heard[name]:
                if level > 200 and at >= self._begin:
                    height = min(level / LOUDEST, 1) * VOICE / 2
                    lines.append((self.x(at), middle + 0.4 * sign, middle + sign * max(height, 0.8)))
        self._draw.strokes(lines, "agent", 1.0)
        silent, upload = self._round.last_sound("bob"), self._round.marks["last byte"]
        if upload > silent + 0.1:
            left, right = self.x(silent) + 3, self.x(upload)
            self._draw.frame(left, heard + 8, right - left, VOICE - 16, "agent", stroke_dasharray="4 3", opacity="0.7")
            self._inside(left, right, middle + 4, "soft", "uploaded, not played", "not played")

    def _notifications(self, state: float, alice_voice: float, bob_voice: float) -> None:
        """From the agent to who was told: an arrow at the moment of arrival."""
        ends = {"alice": (state, alice_voice, 1), "bob": (state + 20, bob_voice + VOICE, -1)}
        for notice in self._round.diary.notices:
            start, end, sign = ends[notice.who]
            x = self.x(notice.at)
            self._draw.line(x, start, x, end + 7 * sign, "told", 1.6)
            self._draw.shape([(x, end), (x - 4.5, end + 9 * sign), (x + 4.5, end + 9 * sign)], "told")
            self._draw.circle(x, start, 2.6, "told")

    def _legend(self, top: float) -> None:
        columns = 5
        for place, (kind, colour, text) in enumerate(LEGEND):
            x = 22 + place % columns * (self._width - 30) / columns
            y = top + place // columns * 24
            self._sample(kind, colour, x, y)
            self._draw.text(x + 36, y + 4, text, "ink", 11.5)

    def _sample(self, kind: str, colour: str, x: float, y: float) -> None:
        if kind in ("wave", "back"):
            heights = [2, 5, 8, 6, 3, 6, 9, 7, 4, 2]
            more = {"opacity": "0.42"} if kind == "back" else {}
            self._draw.strokes([(x + 2 + 2.6 * place, y - half, y + half) for place, half in enumerate(heights)], colour, 1.5, **more)
            if kind == "back":
                self._draw.line(x + 1, y, x + 27, y, "refused", 1.6)
        elif kind == "hatch":
            self._draw.rect(x, y - 8, 26, 16, colour, opacity="0.10")
            self._draw.hatched(x, y - 8, 26, 16, f"hatch-{colour}", opacity="0.22")
        elif kind == "gate":
            self._draw.rect(x, y - 7, 26, 14, colour)
        elif kind == "closed":
            self._draw.rect(x, y - 1.5, 26, 3, colour, radius=1.5, opacity="0.6")
        elif kind == "told":
            self._draw.line(x + 13, y + 8, x + 13, y - 2, colour, 1.6)
            self._draw.shape([(x + 13, y - 9), (x + 8.5, y), (x + 17.5, y)], colour)
        else:
            dashes = {"stroke_dasharray": "3 3"} if kind == "refused" else {}
            self._draw.line(x + 13, y - 8, x + 13, y + 6, colour, 1.3, **dashes)
            self._draw.circle(x + 13, y + 6, 3, colour)


LEGEND = [
    ("wave", "alice", "passed the gate"), ("wave", "unheard", "said, not passed"), ("back", "bob", "passed live, then cancelled"),
    ("hatch", "alice", "pre-roll: said before the call"), ("call", "alice", "call (RPC)"),
    ("gate", "alice", "gate open"), ("closed", "unheard", "gate closed, and why"), ("wave", "agent", "the agent, as heard"),
    ("told", "told", "notification arrived"), ("refused", "refused", "call refused"),
]


def labels_of(round: Round, who: str) -> list[Label]:
    """What one did and was told, in words."""
    labels = []
    for call in round.diary.calls:
        if call.who != who or call.method == "get_turn_state":
            continue
        result = call.answer.get("result", {})
        if not call.answer["success"]:
            labels.append(Label(call.at, f"{call.method} → {call.answer['code']}", "refused", "refused"))
        elif result.get("queued"):
            labels.append(Label(call.at, f"{call.method}, queue → place {result['place']}", who, "wait"))
        elif call.method == "start_turn":
            labels.append(Label(call.at, f"start_turn → turn {result['epoch']}{silenced(round, call)}", who, "call"))
        else:
            labels.append(Label(call.at, f"{call.method} → {result['outcome']}", who, "call"))
    for notice in round.diary.notices:
        if notice.who == who:
            labels.append(Label(notice.at, words_of(round, notice), "told", "told"))
    return sorted(labels, key=lambda label: label.at)


def silenced(round: Round, call) -> str:
    """How soon a call made the agent silent for the caller; nothing where it was not speaking."""
    speaks = [at for at, level, _ in round.diary.heard[call.who] if level > 1000 and call.at - 0.1 < at < call.at]
    return f", agent silent in {(round.last_sound(call.who) - call.at) * 1000:.0f} ms" if speaks else ""


def words_of(round: Round, notice) -> str:
    if "turn_offer" in notice.payload:
        return "your_turn_to_speak (offer)"
    offset = told_after(round, notice)
    return f"your_turn_to_speak, {abs(offset):.0f} ms {'after' if offset >= 0 else 'before'} the end was heard"


def told_after(round: Round, notice) -> float:
    """Milliseconds from the end of the last sound that somebody heard to the notification."""
    return (notice.at - round.last_sound(notice.who, notice.at + 0.2)) * 1000


def placed(labels: list[Label], begin: float) -> list[Label]:
    """Gives each a level and a side, so that no text lies over another or over another's line."""
    def fits(place: int, level: int, is_left: bool) -> bool:
        label, (left, right) = labels[place], labels[place].span(is_left)
        if left < begin * SCALE:
            return False
        for other in labels[:place]:
            start, end = other.span(other.is_left)
            if other.level == level and left < end and start < right:
                return False
            if other.level > level and left < other.at * SCALE < right:
                return False
            if other.level < level and start < label.at * SCALE < end:
                return False
        return True

    def settle(place: int, levels: int) -> bool:
        if place == len(labels):
            return True
        for level in range(levels):
            for is_left in (False, True):
                if fits(place, level, is_left):
                    labels[place].level, labels[place].is_left = level, is_left
                    if settle(place + 1, levels):
                        return True
        return False

    levels = 1
    while not settle(0, levels):
        levels += 1
    return labels


def by_turn(round: Round):
    """What passed, each with the turn that it passed in: the stream has one turn behind the other."""
    bounds, total = [], 0.0
    for turn in round.turns:
        total += turn["audio_ms"] / 1000
        bounds.append(total)
    for one in round.passed:
        yield one, next((turn for turn, end in zip(round.turns, bounds) if one.at < end), round.turns[-1])


def measure(round: Round) -> None:
    """Notes for each turn when what passed in it was said, as the stream has it, and when the calls were made."""
    start = 0.0
    for turn in round.turns:
        length = turn["audio_ms"] / 1000
        found = [sound.Sound(one.at - start, one.who, one.said) for one, of in by_turn(round) if of is turn]
        _, begin, end = pace(found, length)
        turn["passed"] = (begin, end)
        start += length


def gate_of(round: Round, who: str, begin: float, end: float) -> list[tuple[float, float, str]]:
    """Start, end and reason of each stretch of a gate: edges as the clients were told, reasons as the API showed them."""
    edges, is_open = [(begin, False)], False
    for news in round.diary.news:
        if (who in news.heard) != is_open and news.at > begin:
            is_open = not is_open
            edges.append((news.at, is_open))
    stretches = []
    for (start, opened), (stop, _) in zip(edges, [*edges[1:], (end, False)]):
        if opened:
            stretches.append((start, stop, "turn"))
        else:
            stretches += closed_stretches(round, who, start, stop)
    return stretches


def closed_stretches(round: Round, who: str, start: float, stop: float) -> list[tuple[float, float, str]]:
    looks = [(at, gates[who][1]) for at, gates in round.gates if start <= at < stop and who in gates and not gates[who][0]]
    runs: list[list] = []
    for at, reason in looks:
        if not runs or runs[-1][2] != reason:
            if runs:
                runs[-1][1] = at
            runs.append([at if runs else start, stop, reason])
    return [tuple(run) for run in runs] or [(start, stop, "")]


def draw(round: Round) -> str:
    measure(round)
    return Picture(round).svg()
