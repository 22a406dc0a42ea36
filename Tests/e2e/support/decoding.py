"""Decodes much at once: on every core, in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from support import wav
from support.coded_signal import RATE
from support.decoder import Timeline, decode

TOGETHER = 5


def decode_files(files: list[tuple[bytes, int, float, float]]) -> list[Timeline]:
    """What each WAV file at `RATE` holds of its speaker: the file, the speaker's number, and where in the signal it is
    looked for, as `hint_ms` and `reach_ms` of `decode` say it. Nothing where there is no file."""
    # A fork would copy the locks of the SDK's threads.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=fresh) as pool:
        return list(pool.map(_decode, files, chunksize=TOGETHER))


def _decode(job: tuple[bytes, int, float, float]) -> Timeline:
    data, speaker, hint_ms, reach_ms = job
    if not data:
        return Timeline()
    file = wav.read(data)
    assert (file.rate, file.channels) == (RATE, 1)
    return decode(file.samples, RATE, speaker, hint_ms, reach_ms)
