"""The regression gate: what the hot paths cost, in instructions and allocations, against what is kept in hot-paths.json."""
