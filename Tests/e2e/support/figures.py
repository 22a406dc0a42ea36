"""Figures that a run measured, printed at its end."""

from __future__ import annotations

import numpy

LINES: list[str] = []


def note(name: str, text: str) -> None:
    LINES.append(f"{name}: {text}")


def spread(values: list[float], unit: str = "ms") -> str:
    """Median, 5 % and 95 %, and the two ends."""
    if not values:
        return "no figures"
    low, middle, high = numpy.percentile(values, [5, 50, 95])
    return (f"median {middle:.1f}, 5 % {low:.1f}, 95 % {high:.1f}, "
            f"from {min(values):.1f} to {max(values):.1f} {unit} ({len(values)} times)")
