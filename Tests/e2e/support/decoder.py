"""Reads audio that should hold a coded signal: what was said when, what is missing, what is twice, what is foreign.

First the shifts between audio and speaker that occur at all are looked for, block by block. Then each
2.5 ms get the shift that explains the whole best (Viterbi's way): to follow a shift earns what it
explains of the sound and costs what it claims in vain; to change it costs a little.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy

from support.coded_signal import BASE_PERIOD, BASE_RATE, LOUDNESS, PERIOD_MS, CodedSignal, coded_signal

PER_MS = BASE_RATE // 1000
CHUNK = 20
BLOCK, HOP = 20 * PER_MS, 10 * PER_MS
LONG_BLOCK = 60 * PER_MS
NEAR, FAR = 2, 300 * PER_MS
FOLLOWED, FOUND_NEAR, FOUND_ANYWHERE = 0.6, 0.62, 0.5
SILENT_RMS = 120.0
# How loud the signal is expected in the audio; 1 as sent.
GAIN = 0.9
# In chunks that are explained in full.
CHANGE = 2.5
# A jump of less is the jitter buffer's or the resampler's business.
JUMP_MS = 3.0


@dataclass(frozen=True)
class Piece:
    """A stretch of the audio. Times are milliseconds; `said` is where in the speaker's signal it begins."""

    kind: str  # signal, silence, unknown
    begin: float
    end: float
    said: float | None = None
    match: float = 0.0

    @property
    def length(self) -> float:
        return self.end - self.begin

    @property
    def said_until(self) -> float | None:
        return None if self.said is None else self.said + self.length


@dataclass(frozen=True)
class Gap:
    """A part of the speaker's signal that is not there.

    `concealed`: something else is in its place, for as long or longer, as a jitter buffer does it with what
    came too late. Where a frame was left out, nothing is.
    """

    begin: float
    end: float
    at: float
    concealed: bool

    @property
    def length(self) -> float:
        return self.end - self.begin


@dataclass
class Timeline:
    """What a piece of audio holds of one speaker."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def signal(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.kind == "signal"]

    @property
    def first(self) -> float:
        """Where in the speaker's time the audio begins to hold the signal."""
        return self.signal[0].said

    @property
    def last(self) -> float:
        """Where it stops to hold it."""
        return self.signal[-1].said_until

    def total(self, kind: str) -> float:
        return sum(piece.length for piece in self.pieces if piece.kind == kind)

    @property
    def jumps(self) -> list[tuple[Piece, Piece]]:
        """Neighbours (whatever is between them) of which the second does not go on where the first stopped."""
        signal = self.signal
        return [(one, two) for one, two in zip(signal, signal[1:]) if abs(two.said - one.said_until) > JUMP_MS]

    def missing(self, begin: float, end: float) -> list[tuple[float, float]]:
        """The parts of the speaker's time between two positions that are nowhere in the audio."""
        left, at = [], begin
        for piece in sorted(self.signal, key=lambda piece: piece.said):
            if piece.said > at + JUMP_MS and at < end:
                left.append((at, min(piece.said, end)))
            at = max(at, piece.said_until)
        return left + ([(at, end)] if at < end - JUMP_MS else [])

    @property
    def gaps(self) -> list[Gap]:
        """What is missing between the first and the last position."""
        found = []
        for one, two in self.jumps:
            if two.said > one.said_until:
                lost, instead = two.said - one.said_until, two.begin - one.end
                found.append(Gap(one.said_until, two.said, one.end, instead >= lost - 2 * JUMP_MS))
        return found

    @property
    def repeats(self) -> list[tuple[float, float]]:
        """The parts of the speaker's time that are in the audio again, after they were."""
        return [(two.said, one.said_until) for one, two in self.jumps if two.said < one.said_until]

    @property
    def inserts(self) -> list[Piece]:
        """What is between pieces of the signal and is not of it."""
        inside = [at for at, piece in enumerate(self.pieces) if piece.kind == "signal"]
        return [] if not inside else [piece for piece in self.pieces[inside[0]:inside[-1]] if piece.kind != "signal"]

    def __str__(self) -> str:
        def one(piece: Piece) -> str:
            said = "" if piece.said is None else f" said {piece.said:.1f}…{piece.said_until:.1f} ({piece.match:.2f})"
            return f"{piece.kind} {piece.begin:.1f}…{piece.end:.1f}{said}"

        return "; ".join(map(one, self.pieces))


def to_base(samples: numpy.ndarray, rate: int) -> numpy.ndarray:
    """Mono audio of any rate, at `BASE_RATE`, without a delay."""
    if rate == BASE_RATE or len(samples) == 0:
        return samples.astype(float)
    # In parts of ten seconds: the transform of a long and odd length is slow.
    part, margin = 10 * rate, rate // 10
    made = []
    for begin in range(0, len(samples), part):
        lead = min(begin, margin)
        piece = samples[begin - lead:begin + part + margin]
        padded = numpy.zeros(part + 2 * margin)
        padded[:len(piece)] = piece
        wanted = len(padded) * BASE_RATE // rate
        small = numpy.fft.irfft(numpy.fft.rfft(padded)[:wanted // 2 + 1], wanted) * (wanted / len(padded))
        here = min(part, len(samples) - begin)
        made.append(small[lead * BASE_RATE // rate:(lead + here) * BASE_RATE // rate])
    return numpy.concatenate(made)


def decode(
    samples: numpy.ndarray, rate: int, speaker: int, hint_ms: float | None = None, reach_ms: float | None = None
) -> Timeline:
    """What the audio (mono, int16 or floats of that size) holds of that speaker's signal.

    The signal starts over after 131 s: `hint_ms` says near which position the audio should begin. With
    `reach_ms` it is looked for no further from there than that, which is much quicker.
    """
    return _Decoder(to_base(samples, rate), coded_signal(speaker), hint_ms, reach_ms).timeline()


class _Decoder:
    """The decoding of one piece of audio. A shift is speaker's sample minus audio's sample."""

    def __init__(
        self, sound: numpy.ndarray, signal: CodedSignal, hint_ms: float | None, reach_ms: float | None
    ) -> None:
        self._sound, self._signal, self._hint_ms = sound, signal, hint_ms
        self._hint = None if hint_ms is None else round(hint_ms * PER_MS)
        self._reach = None if reach_ms is None else round(reach_ms * PER_MS)

    def timeline(self) -> Timeline:
        shifts = self.shifts()
        labels = self._best_path(shifts)
        return Timeline(_unwrapped(self._pieces(labels, shifts), self._hint_ms))

    # Which shifts there are

    def shifts(self) -> list[int]:
        found: list[int] = []
        last: int | None = None
        look_again = 0
        for begin in range(0, len(self._sound) - BLOCK + 1, HOP):
            block = self._sound[begin:begin + BLOCK]
            if _rms(block) < SILENT_RMS:
                continue
            shift = None if last is None else self._near(begin, block, last, NEAR, FOLLOWED)
            if shift is not None:
                # Which of two neighbours fits better is the business of a fraction of a sample.
                continue
            if last is not None:
                shift = self._near(begin, block, last, FAR, FOUND_NEAR)
            if shift is None and begin >= look_again:
                shift = self._anywhere(begin)
                look_again = begin + 2 * HOP
            if shift is not None:
                last = shift
                if all(abs(shift - one) > 1 for one in found):
                    found.append(shift)
        return found

    def _near(self, begin: int, block: numpy.ndarray, shift: int, reach: int, least: float) -> int | None:
        first = begin + shift - reach
        known = self._signal.between(first, first + len(block) + 2 * reach)
        at, value = _best(known, block)
        return shift - reach + at if value >= least else None

    def _anywhere(self, begin: int) -> int | None:
        """With a longer block, in the whole period at once or within the reach of the hint."""
        block = self._sound[begin:begin + LONG_BLOCK]
        if len(block) < 2 * BLOCK:
            begin = max(0, len(self._sound) - 2 * BLOCK)
            block = self._sound[begin:]
        if self._hint is not None and self._reach is not None:
            return self._near(begin, block, self._hint, self._reach, FOUND_ANYWHERE)
        padded = numpy.zeros(BASE_PERIOD)
        padded[:len(block)] = block
        spectrum = numpy.conj(numpy.fft.rfft(padded)) * self._signal.spectrum
        at = int(numpy.fft.irfft(spectrum, BASE_PERIOD).argmax())
        if _match(block, self._signal.between(at, at + len(block))) < FOUND_ANYWHERE:
            return None
        return at - begin

    # Which shift when

    def _best_path(self, shifts: list[int]) -> list[int]:
        """For each chunk the index of its shift, −1 where none explains it."""
        count = -(-len(self._sound) // CHUNK)
        if not shifts or count == 0:
            return [-1] * count
        gains = numpy.zeros((len(shifts) + 1, count))
        for row, shift in enumerate(shifts, 1):
            gains[row] = self._gains(shift, count)
        scores = gains[:, 0].copy()
        came_from = numpy.zeros((count, len(scores)), dtype=numpy.int32)
        stay = numpy.arange(len(scores))
        for column in range(1, count):
            best = int(scores.argmax())
            changed = scores[best] - CHANGE
            came_from[column] = numpy.where(scores >= changed, stay, best)
            scores = numpy.maximum(scores, changed) + gains[:, column]
        path = [int(scores.argmax())]
        for column in range(count - 1, 0, -1):
            path.append(int(came_from[column][path[-1]]))
        return [row - 1 for row in reversed(path)]

    def _gains(self, shift: int, count: int) -> numpy.ndarray:
        """What following the shift explains of each chunk: 1 for all of it, below 0 for less than nothing."""
        known = self._signal.between(shift, shift + len(self._sound))
        power = CHUNK * LOUDNESS ** 2
        expected = GAIN * known
        product = numpy.zeros(count * CHUNK)
        product[:len(known)] = 2 * self._sound * expected - expected ** 2
        return product.reshape(count, CHUNK).sum(axis=1) / power

    # And what that means

    def _pieces(self, labels: list[int], shifts: list[int]) -> list[Piece]:
        pieces, begin = [], 0
        for at in range(1, len(labels) + 1):
            if at == len(labels) or labels[at] != labels[begin]:
                first, last = begin * CHUNK, min(at * CHUNK, len(self._sound))
                if labels[begin] < 0:
                    pieces += self._unexplained(first, last)
                else:
                    pieces.append(self._said(first, last, shifts[labels[begin]]))
                begin = at
        return pieces

    def _said(self, first: int, last: int, shift: int) -> Piece:
        match = _match(self._sound[first:last], self._signal.between(first + shift, last + shift))
        return Piece("signal", first / PER_MS, last / PER_MS, (first + shift) / PER_MS, match)

    def _unexplained(self, first: int, last: int) -> list[Piece]:
        """Silence and sounds that are not the speaker's, joined to the longest pieces."""
        pieces: list[Piece] = []
        for begin in range(first, last, CHUNK):
            end = min(begin + CHUNK, last)
            kind = "silence" if _rms(self._sound[begin:end]) < SILENT_RMS else "unknown"
            if pieces and pieces[-1].kind == kind:
                pieces[-1] = Piece(kind, pieces[-1].begin, end / PER_MS)
            else:
                pieces.append(Piece(kind, begin / PER_MS, end / PER_MS))
        return pieces


def _rms(samples: numpy.ndarray) -> float:
    return float(numpy.sqrt(numpy.mean(samples ** 2))) if len(samples) else 0.0


def _match(one: numpy.ndarray, two: numpy.ndarray) -> float:
    """The correlation of two pieces of one length, −1…1."""
    size = float(numpy.sqrt((one ** 2).sum() * (two ** 2).sum()))
    return float((one * two).sum()) / size if size > 0 else 0.0


def _best(known: numpy.ndarray, block: numpy.ndarray) -> tuple[int, float]:
    """Where in the known the block fits best, and how well."""
    products = _correlate(known, block)
    energies = numpy.concatenate(([0.0], numpy.cumsum(known ** 2)))
    sizes = numpy.sqrt((energies[len(block):] - energies[:-len(block)]) * (block ** 2).sum())
    values = products / numpy.maximum(sizes, 1e-9)
    at = int(values.argmax())
    return at, float(values[at])


def _correlate(known: numpy.ndarray, block: numpy.ndarray) -> numpy.ndarray:
    if len(known) < 1000:
        return numpy.correlate(known, block, "valid")
    size = 1 << (len(known) - 1).bit_length()
    spectrum = numpy.fft.rfft(known, size) * numpy.conj(numpy.fft.rfft(block, size))
    return numpy.fft.irfft(spectrum, size)[:len(known) - len(block) + 1]


def _unwrapped(pieces: list[Piece], hint_ms: float | None) -> list[Piece]:
    """The signal starts over: each piece goes to the turn of it that is next to its neighbour or the hint."""
    made, near = [], hint_ms
    for piece in pieces:
        if piece.said is not None:
            if near is not None:
                turns = round((near - piece.said) / PERIOD_MS)
                piece = Piece(piece.kind, piece.begin, piece.end, piece.said + turns * PERIOD_MS, piece.match)
            near = piece.said_until
        made.append(piece)
    return made
