"""`python -m hot_paths BINARY [--update]`: counts, prints the table, says 1 when a path has become dearer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hot_paths import thresholds
from hot_paths.callgrind import Cost, Counted, count
from hot_paths.thresholds import Thresholds, Verdict, compare
from support.cluster import Cluster

FOLDER = Path(__file__).resolve().parents[2] / ".turngate" / "hot-paths"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-check")
    parser.add_argument("binary", help="the release build of HotPaths")
    parser.add_argument("--update", action="store_true", help=f"keep what is counted now in {thresholds.FILE.name}")
    return parser.parse_args()


def counted(binary: str) -> dict[str, Counted]:
    cluster = Cluster().start()
    try:
        return count(binary, cluster.url, FOLDER)
    finally:
        cluster.remove()


def cheaper_of(runs: list[dict[str, Counted]]) -> dict[str, Counted]:
    """Of each path the run in which it was cheaper. Where a path writes several times, it is PostgreSQL's speed that says
    how much of it goes into one transaction: the same code then counts a tenth more or less."""
    return {path: Counted(min((run[path].cost for run in runs), key=_instructions),
                          min((run[path].dearer for run in runs), key=_instructions)) for path in runs[0]}


def _instructions(cost: Cost) -> float:
    return cost.instructions


def _middle(costs: list[Cost]) -> Cost:
    return Cost(sum(one.instructions for one in costs) / len(costs), sum(one.allocations for one in costs) / len(costs))


def table(kept: Thresholds, found: dict[str, Counted]) -> str:
    lines = [("", "instructions", "kept", "ratio", "allocations", "kept", "a fifth more", "")]
    for path, result in found.items():
        cost, before = result.cost, kept.paths.get(path)
        lines.append((
            path, f"{cost.instructions:,.0f}", f"{before.instructions:,.0f}" if before else "-",
            f"{cost.instructions / before.instructions:.2f}" if before else "-", f"{cost.allocations:,.1f}",
            f"{before.allocations:,.1f}" if before else "-",
            f"{result.dearer.instructions / cost.instructions:.2f}", kept.verdict(path, cost).value))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = []
    for name, *cells, verdict in lines:
        figures = (cell.rjust(width) for cell, width in zip(cells, widths[1:]))
        rows.append("  ".join((name.ljust(widths[0]), *figures, verdict)).rstrip())
    return "\n".join(rows)


def blind_spots(kept: Thresholds, found: dict[str, Counted]) -> list[str]:
    """Paths of which a fifth more would not be seen."""
    return [path for path, result in found.items()
            if compare(result.dearer, result.cost, kept.margin) is not Verdict.DEARER]


def judge(kept: Thresholds, found: dict[str, Counted]) -> int:
    verdicts = {path: kept.verdict(path, result.cost) for path, result in found.items()}
    problems = [f"{path}: {verdict.value}" for path, verdict in verdicts.items()
                if verdict in (Verdict.DEARER, Verdict.UNKNOWN)]
    problems += [f"{path}: in {thresholds.FILE.name}, but not counted" for path in kept.paths.keys() - found.keys()]
    problems += [f"{path}: a fifth more of it is not seen" for path in blind_spots(kept, found)]
    for path, verdict in verdicts.items():
        if verdict is Verdict.CHEAPER:
            print(f"{path}: cheaper by more than the margin; `make bench-check ARGS=--update` keeps it so")
    for problem in problems:
        print(problem)
    print(f"{len(found)} hot paths, {len(problems)} problems; the margin is {kept.margin:.0%}; callgrind's files: {FOLDER}")
    return 1 if problems else 0


def main() -> int:
    chosen = arguments()
    kept = thresholds.load()
    runs = [counted(chosen.binary) for _ in range(2)]
    found = cheaper_of(runs)
    print(table(kept, found))
    if chosen.update:
        # The middle, so that chance alone makes the cheaper run no dearer than that.
        thresholds.save(kept.margin, {path: _middle([run[path].cost for run in runs]) for path in found})
        print(f"kept in {thresholds.FILE}")
        kept = thresholds.load()
    return judge(kept, found)


sys.exit(main())
