"""A sound that never repeats itself and is known in advance, so that each 20 ms of it tells when they were said.

A speaker's signal is a fixed pseudo-random noise between 200 and 2300 Hz that starts over after
131 seconds. It goes through Opus and the jitter buffer well enough to be found again by correlation to
a fraction of a millisecond, and the jitter buffer finds no period in it to stretch or shrink by. Each
number gives another signal, and two of them have nothing in common.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy

RATE = 48_000
# What the decoder works at; the signal has nothing above 2300 Hz.
BASE_RATE = 8_000
BASE_PERIOD = 1 << 20
PERIOD_MS = BASE_PERIOD * 1000 / BASE_RATE
LOW_HZ, HIGH_HZ = 200, 2300
LOUDNESS = 4000.0


class CodedSignal:
    """The signal of one speaker. Positions are milliseconds since it began."""

    def __init__(self, number: int) -> None:
        self.number = number

    @cached_property
    def base(self) -> numpy.ndarray:
        """One period at `BASE_RATE`, as floats with an effective value of `LOUDNESS`."""
        return numpy.fft.irfft(self.spectrum, BASE_PERIOD)

    @cached_property
    def spectrum(self) -> numpy.ndarray:
        """Of one period, as numpy.fft.rfft gives it."""
        dice = numpy.random.default_rng(20_000 + self.number)
        frequencies = numpy.arange(BASE_PERIOD // 2 + 1) * BASE_RATE / BASE_PERIOD
        inside = (frequencies >= LOW_HZ) & (frequencies <= HIGH_HZ)
        phases = dice.uniform(0, 2 * numpy.pi, frequencies.size)
        # Each line has the same part in the sum of the squares.
        height = LOUDNESS * BASE_PERIOD / numpy.sqrt(2 * inside.sum())
        return numpy.where(inside, height * numpy.exp(1j * phases), 0)

    @cached_property
    def _full(self) -> numpy.ndarray:
        """One period at `RATE`, the way it is played."""
        ratio = RATE // BASE_RATE
        full = numpy.fft.irfft(self.spectrum * ratio, BASE_PERIOD * ratio)
        return numpy.clip(numpy.rint(full), -32_768, 32_767).astype(numpy.int16)

    def samples(self, begin_ms: float, end_ms: float) -> numpy.ndarray:
        """What is said between two positions: mono int16 at `RATE`."""
        first, last = round(begin_ms * RATE / 1000), round(end_ms * RATE / 1000)
        return self._full.take(numpy.arange(first, last), mode="wrap")

    def between(self, first: int, last: int) -> numpy.ndarray:
        """What is said between two samples at `BASE_RATE`, as floats."""
        return self.base.take(numpy.arange(first, last), mode="wrap")


@lru_cache(maxsize=32)
def coded_signal(number: int) -> CodedSignal:
    """The signal of that number; making one takes a part of a second, so it is kept."""
    return CodedSignal(number)
