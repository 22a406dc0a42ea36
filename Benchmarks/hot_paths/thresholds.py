"""What each path may cost: `Benchmarks/hot-paths.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hot_paths.callgrind import Cost

FILE = Path(__file__).resolve().parents[1] / "hot-paths.json"
MARGIN = 0.10
# Of an allocation: where there is hardly one for each operation, a share of it means nothing.
SLACK = 0.5


class Verdict(Enum):
    """How what was counted stands to what is kept."""

    KEPT = "kept"
    DEARER = "DEARER"
    CHEAPER = "cheaper"
    UNKNOWN = "NOT IN THE FILE"


@dataclass(frozen=True)
class Thresholds:
    """The costs that were kept, and by which share more than that is too much."""

    margin: float
    paths: dict[str, Cost]

    def verdict(self, path: str, cost: Cost) -> Verdict:
        kept = self.paths.get(path)
        return Verdict.UNKNOWN if kept is None else compare(cost, kept, self.margin)


def compare(cost: Cost, kept: Cost, margin: float) -> Verdict:
    """Dearer in one is dearer."""
    more, less = 1 + margin, 1 - margin
    if cost.instructions > kept.instructions * more:
        return Verdict.DEARER
    if cost.allocations > max(kept.allocations * more, kept.allocations + SLACK):
        return Verdict.DEARER
    if cost.instructions < kept.instructions * less or cost.allocations < min(
            kept.allocations * less, kept.allocations - SLACK):
        return Verdict.CHEAPER
    return Verdict.KEPT


def load() -> Thresholds:
    if not FILE.exists():
        return Thresholds(MARGIN, {})
    content = json.loads(FILE.read_text(encoding="utf-8"))
    return Thresholds(content["margin"], {path: Cost(**cost) for path, cost in content["paths"].items()})


def save(margin: float, costs: dict[str, Cost]) -> None:
    """Three digits of the instructions are more than ever mean something."""
    paths = {
        path: {"instructions": _three_digits(cost.instructions), "allocations": round(cost.allocations, 1)}
        for path, cost in costs.items()}
    lines = [f"    {json.dumps(path)}: {json.dumps(cost)}" for path, cost in paths.items()]
    text = f'{{\n  "margin": {margin:.2f},\n  "paths": {{\n' + ",\n".join(lines) + "\n  }\n}\n"
    FILE.write_text(text, encoding="utf-8")


def _three_digits(value: float) -> int:
    return int(float(f"{value:.3g}"))
