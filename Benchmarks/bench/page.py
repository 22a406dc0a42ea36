"""The table of the last run, in docs/performance.md."""

from __future__ import annotations

import json

from bench.results import FOLDER, RESULTS, figure

PAGE = FOLDER.parent / "docs" / "performance.md"
BEGIN, END = "<!-- The table: written by `make bench`. -->", "<!-- The end of the table. -->"


def write() -> None:
    """Puts the lines of `results.json` between the page's two marks."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    PAGE.write_text(f"{head}{BEGIN}\n{_table()}\n{END}{tail}", encoding="utf-8")


def _table() -> str:
    content = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = content["rows"]
    met = sum(row["met"] for row in rows)
    lines = [
        f"{content['machine']}; {content['date']}. {met} of {len(rows)} goals are met.", "",
        "| | what | ours | peer | ratio | goal | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        lines.append(
            f"| {row['id']} | {row['what']} | {figure(row['ours'])} {row['unit']} | "
            f"{figure(row['peer'])} {row['unit']} ({row['peer_name']}) | {row['ratio']:.2f} × | {row['goal']} | "
            f"{'met' if row['met'] else '**not met**'} |")
    notes = [row for row in rows if row["note"]]
    if notes:
        lines += ["", *(f"- {row['id']}: {row['note']}" for row in notes)]
    return "\n".join(lines)
