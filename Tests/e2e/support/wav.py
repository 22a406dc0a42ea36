"""WAV files, right ones and wrong ones."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy

PCM, FLOAT = 1, 3


@dataclass(frozen=True)
class Wav:
    """What a file holds: the samples as int16, one row per frame where there are several channels."""

    rate: int
    channels: int
    samples: numpy.ndarray

    @property
    def duration_ms(self) -> float:
        return len(self.samples) * 1000 / self.rate


def header(rate: int, channels: int, data_bytes: int, bits: int = 16, form: int = PCM) -> bytes:
    """The 44 bytes before the samples. `0xFFFFFFFF` bytes mean: until the end, as a stream says."""
    block = channels * bits // 8
    riff = min(data_bytes + 36, 0xFFFFFFFF)
    return (b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, form, channels, rate, rate * block & 0xFFFFFFFF, block, bits)
            + b"data" + struct.pack("<I", data_bytes))


def write(samples: numpy.ndarray, rate: int, channels: int = 1) -> bytes:
    """A file with these samples (int16, frame by frame)."""
    data = samples.astype("<i2").tobytes()
    return header(rate, channels, len(data)) + data


def read(data: bytes) -> Wav:
    """A whole file. A length of the data that reaches past the end, as a stream has it, means: until the end."""
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", data[:16]
    rate, channels, at = 0, 0, 12
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        at += 8
        if name == b"fmt ":
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            assert (form, bits) == (PCM, 16), (form, bits)
        if name == b"data":
            assert rate, "fmt has to come before data"
            body = data[at:at + size]
            samples = numpy.frombuffer(body[:len(body) // (2 * channels) * 2 * channels], dtype="<i2")
            return Wav(rate, channels, samples if channels == 1 else samples.reshape(-1, channels))
        at += size + size % 2
    raise AssertionError("no data in the file")
