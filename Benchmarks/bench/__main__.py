"""`python -m bench [http] [store] [room] [--rounds N] [--only ID…]`: measures, prints the table, writes and draws it."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import sys

from bench import http_rows, machine, picture, room_rows, store_rows
from bench.progress import say
from bench.results import Row, save, table

GROUPS = {"http": http_rows.ROWS, "store": store_rows.ROWS, "room": room_rows.ROWS}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="what to measure; all if none is named")
    parser.add_argument("--rounds", type=int, default=5, help="at least 5 for figures that are to be believed")
    parser.add_argument("--only", nargs="*", default=[], help="numbers of lines, to look at some of them")
    return parser.parse_args()


async def measure(chosen: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    for group in chosen.groups or GROUPS:
        for number, (what, run) in GROUPS[group].items():
            if chosen.only and number not in chosen.only:
                continue
            say(f"{number}: {what}")
            rows += await run(chosen.rounds)
    return rows


def main() -> int:
    chosen = arguments()
    rows = asyncio.run(measure(chosen))
    print(table(rows))
    for one in rows:
        if one.note:
            print(f"{one.id}: {one.note}")
    if chosen.rounds >= 5:
        save(rows, machine.describe(), datetime.date.today().isoformat())
        picture.draw()
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
