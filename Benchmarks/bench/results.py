"""One line of the table: what was measured, and whether it is what it is to be."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1]
RESULTS = FOLDER / "results.json"


@dataclass(frozen=True)
class Goal:
    """A bound for the ratio of ours to the peer's."""

    bound: float
    at_least: bool

    @property
    def text(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} ×"

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.bound if self.at_least else ratio <= self.bound


def at_least(bound: float) -> Goal:
    return Goal(bound, True)


def at_most(bound: float) -> Goal:
    return Goal(bound, False)


@dataclass
class Row:
    """A line of the table. `ours` and `peer` are medians, in `unit`; `ratio` is the median of the rounds' ratios.

    Where the goal is an absolute figure, `peer` is that figure.
    """

    id: str
    what: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: str
    met: bool
    rounds: list[float] = field(default_factory=list)
    note: str = ""


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def row(id: str, what: str, unit: str, ours: list[float], peer: list[float], peer_name: str, goal: Goal, note: str = "") -> Row:
    """From what each round measured; the two of one round stand at the same place of their lists."""
    ratios = [mine / theirs for mine, theirs in zip(ours, peer, strict=True)]
    ratio = median(ratios)
    return Row(id, what, unit, median(ours), median(peer), peer_name, ratio, goal.text, goal.is_met(ratio), ratios, note)


def bounded(id: str, what: str, unit: str, ours: list[float], limit: float, note: str = "") -> Row:
    """A line whose goal is an absolute figure, not to be passed."""
    value = median(ours)
    return Row(id, what, unit, value, limit, "limit", value / limit, f"≤ {limit:g} {unit}", value <= limit,
               [mine / limit for mine in ours], note)


def save(rows: list[Row], machine: str, date: str) -> None:
    """Writes `results.json`; lines that this run did not measure stay as they were."""
    kept = {}
    if RESULTS.exists():
        kept = {old["id"]: old for old in json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]}
    for new in rows:
        kept[new.id] = asdict(new) | {"date": date}
    ordered = sorted(kept.values(), key=lambda one: _order(one["id"]))
    text = json.dumps({"machine": machine, "date": date, "rows": ordered}, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def _order(id: str) -> tuple[int, str]:
    digits = "".join(letter for letter in id if letter.isdigit())
    return int(digits), id


def table(rows: list[Row]) -> str:
    """For a terminal."""
    lines = [("", "what", "ours", "peer", "", "ratio", "goal", "")]
    for one in sorted(rows, key=lambda one: _order(one.id)):
        lines.append((one.id, one.what, f"{figure(one.ours)} {one.unit}", f"{figure(one.peer)} {one.unit}", one.peer_name,
                      f"{one.ratio:.2f} ×", one.goal, "met" if one.met else "NOT MET"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = []
    for line in lines:
        text.append("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    return "\n".join(text)


def figure(value: float) -> str:
    """Three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
