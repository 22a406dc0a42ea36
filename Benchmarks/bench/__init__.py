"""Turngate measured against what users would pick instead. `make bench`; docs/performance.md explains it."""
