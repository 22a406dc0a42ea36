"""The store's lines: the history, its export, the start, and everything at once."""

from __future__ import annotations

from bench import everything_at_once, history_export, history_length, process_start

ROWS = {
    "5": ("history of 10 million rows against 10 thousand", history_length.run),
    "6": ("export of 1 million rows as NDJSON", history_export.run),
    "13": ("start of the process to /readyz", process_start.run),
    "14": ("everything at once", everything_at_once.run),
}
