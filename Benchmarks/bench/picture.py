"""The table as a picture for docs/performance.md."""

from __future__ import annotations

import json
import math
from html import escape

from bench.results import FOLDER, RESULTS, figure

PICTURE = FOLDER.parent / "docs" / "performance.svg"
WIDTH, LEFT, RIGHT, LINE, TOP = 1100, 470, 230, 34, 64
MET, MISSED, GOAL, TEXT = "#2a78b5", "#d1495b", "#333333", "#1b1f24"


def draw() -> None:
    """Each line's ratio on a logarithmic scale, its goal as a mark, so that all lines fit beside each other."""
    content = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = content["rows"]
    if not rows:
        return
    ratios = [value for row in rows for value in (row["ratio"], _bound(row)) if value > 0]
    low, high = math.floor(math.log10(min(ratios))), math.ceil(math.log10(max(ratios)))
    high = max(high, low + 1)

    def place(ratio: float) -> float:
        share = (math.log10(max(ratio, 10**low)) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    height = TOP + LINE * len(rows) + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="24" font-size="17" font-weight="600" fill="{TEXT}">Turngate : peer, median ratio of each line; the mark is the goal, red where it is not met</text>',
        f'<text x="16" y="44" fill="#57606a">{escape(content["machine"])}; {escape(content["date"])}</text>',
    ]
    for power in range(low, high + 1):
        x = place(10**power)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 34}" stroke="#e3e6ea"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 16}" text-anchor="middle" fill="#57606a">{10.0**power:g} ×</text>')
    for number, row in enumerate(rows):
        parts += _bar(row, TOP + LINE * number, place)
    parts.append("</svg>")
    PICTURE.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _bar(row: dict, y: float, place) -> list[str]:
    one, end = place(1), place(row["ratio"])
    colour = MET if row["met"] else MISSED
    goal = place(_bound(row))
    label = f'{row["id"]}  {row["what"]}'
    label = label if len(label) <= 66 else label[:65] + "…"
    verdict = "" if row["met"] else ", not met"
    return [
        f'<text x="16" y="{y + 20}" fill="{TEXT}">{escape(label)}</text>',
        f'<rect x="{min(one, end):.1f}" y="{y + 8}" width="{max(abs(end - one), 2):.1f}" height="16" fill="{colour}"/>',
        f'<line x1="{goal:.1f}" y1="{y + 3}" x2="{goal:.1f}" y2="{y + 29}" stroke="{GOAL}" stroke-width="2"/>',
        f'<text x="{WIDTH - RIGHT + 10}" y="{y + 20}" fill="{TEXT}">{figure(row["ratio"])} × ({escape(row["goal"])}{verdict})</text>',
    ]


def _bound(row: dict) -> float:
    """The goal as a ratio; where it is an absolute figure, that is 1."""
    return float(row["goal"].split()[1]) if row["goal"].endswith("×") else 1.0
