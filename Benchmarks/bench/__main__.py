"""`python -m bench [http] [store] [room] [--rounds N] [--only ID…]`: measures, prints the table, writes and draws it."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import sys
import traceback

from bench import http_rows, machine, page, picture, room_rows, store_rows
from bench.progress import say
from bench.results import Row, save, table

# With fewer rounds a run is for looking, and its figures are not kept.
BELIEVED_ROUNDS = 5
GROUPS = {"http": http_rows.ROWS, "store": store_rows.ROWS, "room": room_rows.ROWS}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="what to measure; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="at least 5 for figures that are to be believed")
    parser.add_argument("--only", nargs="*", default=[], help="numbers of lines, to look at some of them")
    return parser.parse_args()


async def measure(chosen: argparse.Namespace) -> tuple[list[Row], list[str]]:
    """The lines that were measured, and the numbers of those that could not be."""
    rows: list[Row] = []
    failed: list[str] = []
    for group in chosen.groups or GROUPS:
        for number, (what, run) in GROUPS[group].items():
            if chosen.only and number not in chosen.only:
                continue
            say(f"{number}: {what}")
            try:
                found = await run(chosen.rounds)
            except Exception:
                # The other lines are not lost for it.
                traceback.print_exc()
                failed.append(number)
                continue
            rows += found
            if chosen.rounds >= BELIEVED_ROUNDS:
                save(found, machine.describe(), datetime.date.today().isoformat())
    return rows, failed


def main() -> int:
    chosen = arguments()
    rows, failed = asyncio.run(measure(chosen))
    print(table(rows))
    for one in rows:
        if one.note:
            print(f"{one.id}: {one.note}")
    if rows and chosen.rounds >= BELIEVED_ROUNDS:
        picture.draw()
        page.write()
    for number in failed:
        print(f"line {number} could not be measured; what was wrong is above", file=sys.stderr)
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
