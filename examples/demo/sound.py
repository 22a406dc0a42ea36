"""Voices that can be told apart, and told when: tones whose pitch says whose they are and when they were made.

A participant's voice is a tone that rises by `RISE` Hz every second from a base
of its own. Whoever measures its pitch anywhere (in a turn's WAV, in a stream)
knows who was speaking, and at which second of the round.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass

import numpy

RATE = 48_000
RISE = 150.0
BASES = {"alice": 400.0, "bob": 3000.0}
LONGEST = 16.0  # s; then the lower voice would be as high as the other one began
LOUDNESS = 9_000
AUDIBLE = 150  # root mean square; a voice at its quietest has ten times that, silence after Opus a few units

WINDOW, HOP = 0.04, 0.02
MELODY = {"C5": 523.25, "E5": 659.26, "G5": 783.99, "A5": 880.0, "C6": 1046.5}


@dataclass
class Sound:
    """What was found at `at` seconds of a recording: whose it is, and its second of the round."""

    at: float
    who: str
    said: float


def voice(who: str, position: int, count: int, loudness: numpy.ndarray | float) -> numpy.ndarray:
    """`count` samples of a voice from the sample `position` of the round on."""
    time = numpy.arange(position, position + count) / RATE
    phase = 2 * numpy.pi * (BASES[who] * time + RISE / 2 * time**2)
    syllables = 0.62 - 0.38 * numpy.cos(2 * numpy.pi * 3.7 * time)
    return (numpy.sin(phase) * syllables * loudness * LOUDNESS).astype(numpy.int16)


def decode(samples: numpy.ndarray, rate: int) -> list[Sound]:
    """Whose voice it is, and of when, every 20 ms; nothing where there is silence."""
    size, step = int(WINDOW * rate), int(HOP * rate)
    found = []
    for start in range(0, len(samples) - size + 1, step):
        window = samples[start:start + size].astype(float)
        if numpy.sqrt(numpy.mean(window**2)) < AUDIBLE:
            continue
        pitch = loudest(window, rate)
        who = max((name for name, base in BASES.items() if pitch > base - 50), key=BASES.get, default="nobody")
        found.append(Sound((start + size / 2) / rate, who, (pitch - BASES.get(who, 0)) / RISE))
    return found


def loudest(window: numpy.ndarray, rate: int) -> float:
    """The frequency with the most energy, finer than the transform's own steps."""
    size = 1 << (len(window) * 4 - 1).bit_length()
    power = numpy.log(numpy.abs(numpy.fft.rfft(window * numpy.hanning(len(window)), size)) + 1e-9)
    top = int(power[1:-1].argmax()) + 1
    low, mid, high = power[top - 1:top + 2]
    bend = low - 2 * mid + high
    return (top + (0.5 * (low - high) / bend if bend else 0)) * rate / size


def share_of(who: str, samples: numpy.ndarray, rate: int) -> float:
    """Which part of a recording's energy is in the band of that voice, 0…1."""
    if not len(samples):
        return 0.0
    power = numpy.abs(numpy.fft.rfft(samples.astype(float)))**2
    pitch = numpy.fft.rfftfreq(len(samples), 1 / rate)
    low = BASES[who] - 100
    return float(power[(pitch > low) & (pitch < low + LONGEST * RISE)].sum() / max(power.sum(), 1.0))


def melody(notes: list[str], seconds: float) -> bytes:
    """A WAV of these notes, each so long: what the agent says."""
    time = numpy.arange(int(seconds * RATE)) / RATE
    shape = numpy.minimum(1, numpy.minimum(time, seconds - time) / 0.008) * (0.55 + 0.45 * numpy.exp(-time * 6))
    tones = [numpy.sin(2 * numpy.pi * MELODY[note] * time) * shape * LOUDNESS for note in notes]
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(numpy.concatenate(tones).astype("<i2").tobytes())
    return target.getvalue()


def notes_in(samples: numpy.ndarray, rate: int) -> list[str]:
    """The notes of a melody as they follow one another."""
    size, heard = int(0.05 * rate), []
    for start in range(0, len(samples) - size + 1, size // 2):
        window = samples[start:start + size].astype(float)
        if numpy.sqrt(numpy.mean(window**2)) < 1000:
            continue
        pitch = loudest(window, rate)
        note = min(MELODY, key=lambda name: abs(MELODY[name] - pitch))
        if abs(MELODY[note] - pitch) < 15:
            heard.append(note)
    # Twice in a row is a note; where two meet, a window has a bit of both.
    steady = [note for note, after in zip(heard, heard[1:]) if note == after]
    return [note for index, note in enumerate(steady) if index == 0 or steady[index - 1] != note]


def read_wav(body: bytes) -> tuple[numpy.ndarray, int]:
    """A mono WAV's samples and their rate."""
    with wave.open(io.BytesIO(body)) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()
