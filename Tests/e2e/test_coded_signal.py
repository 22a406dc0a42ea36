"""The measuring instrument itself: the coded signal and its decoder, with damage made on purpose, and in the real room."""

import asyncio

import numpy
import pytest
from pytest import approx

from support import wav
from support.coded_signal import LOUDNESS, PERIOD_MS, RATE, coded_signal
from support.decoder import decode, to_base
from support.listener import VoiceListener
from support.speaker import CodedSpeaker

FINE = 3.0
ME, OTHER = 1, 2


def said(begin: float, end: float, speaker: int = ME) -> numpy.ndarray:
    return coded_signal(speaker).samples(begin, end)


def silence(milliseconds: float) -> numpy.ndarray:
    return numpy.zeros(round(milliseconds * RATE / 1000), dtype=numpy.int16)


def noise(milliseconds: float) -> numpy.ndarray:
    dice = numpy.random.default_rng(5)
    return dice.normal(0, LOUDNESS, round(milliseconds * RATE / 1000)).astype(numpy.int16)


def joined(*parts: numpy.ndarray) -> numpy.ndarray:
    return numpy.concatenate(parts)


def test_wholePiece_isOnePieceFromEdgeToEdge():
    timeline = decode(said(1234, 2234), RATE, ME)
    assert len(timeline.pieces) == 1 and not timeline.gaps and not timeline.repeats
    assert timeline.first == approx(1234, abs=FINE) and timeline.last == approx(2234, abs=FINE)


@pytest.mark.parametrize("lost", [20, 40, 60, 200, 1500])
def test_partThatIsLeftOut_isAGapWithNothingInItsPlace(lost):
    [gap] = decode(joined(said(1000, 1500), said(1500 + lost, 2000 + lost)), RATE, ME).gaps
    assert (gap.begin, gap.length, gap.concealed) == (approx(1500, abs=FINE), approx(lost, abs=FINE), False)


def test_threeFramesLeftOut_areThreeGaps():
    kept = joined(said(1000, 1100), said(1120, 1240), said(1260, 1400), said(1420, 1600))
    timeline = decode(kept, RATE, ME)
    assert [gap.begin for gap in timeline.gaps] == [approx(at, abs=FINE) for at in (1100, 1240, 1400)]
    missing = timeline.missing(1000, 1600)
    assert sum(end - begin for begin, end in missing) == approx(60, abs=3 * FINE)


def test_partThatIsThereTwice_isARepeat():
    timeline = decode(joined(said(1000, 1500), said(1480, 2000)), RATE, ME)
    [(begin, end)] = timeline.repeats
    assert (begin, end) == (approx(1480, abs=FINE), approx(1500, abs=FINE)) and not timeline.gaps


def test_partThatIsReplaced_isAConcealedGap():
    [gap] = decode(joined(said(1000, 1500), noise(20), said(1520, 2000)), RATE, ME).gaps
    assert gap.concealed and gap.length == approx(20, abs=2 * FINE)


def test_partThatIsSilenced_isAConcealedGapOfSilence():
    timeline = decode(joined(said(1000, 1500), silence(40), said(1540, 2000)), RATE, ME)
    assert timeline.gaps[0].concealed and timeline.total("silence") == approx(40, abs=2 * FINE)


def test_soundThatIsPutIn_isAnInsertAndNoGap():
    timeline = decode(joined(said(1000, 1500), noise(60), said(1500, 2000)), RATE, ME)
    assert not timeline.gaps and not timeline.repeats
    assert sum(piece.length for piece in timeline.inserts) == approx(60, abs=2 * FINE)


def test_lateStart_isSilenceThenTheSignal():
    timeline = decode(joined(silence(200), said(5000, 5400), silence(100)), RATE, ME)
    # At an edge as hard as this one the resampler rings for a moment.
    kinds = [piece.kind for piece in timeline.pieces if piece.length > FINE]
    assert kinds == ["silence", "signal", "silence"]
    assert timeline.signal[0].begin == approx(200, abs=FINE) and timeline.first == approx(5000, abs=FINE)


def test_otherSpeakersSignal_isUnknown():
    timeline = decode(said(1000, 1600, OTHER), RATE, ME)
    assert timeline.signal == [] and timeline.total("unknown") == approx(600, abs=FINE)


def test_twoSpeakersAtOnce_areBothFound():
    mixed = said(1000, 1500).astype(float) + said(9000, 9500, OTHER)
    for speaker, begin in ((ME, 1000), (OTHER, 9000)):
        timeline = decode(mixed, RATE, speaker)
        assert (timeline.first, timeline.last) == (approx(begin, abs=FINE), approx(begin + 500, abs=FINE))


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_anyRate_isRead(rate):
    # By the exact spectrum, so that nothing but the decoder is under test.
    samples = said(3000, 4000).astype(float)
    small = numpy.fft.irfft(numpy.fft.rfft(samples)[:rate // 2 + 1], rate) * rate / RATE
    timeline = decode(small, rate, ME)
    assert (timeline.first, timeline.last) == (approx(3000, abs=FINE), approx(4000, abs=FINE))
    assert not timeline.gaps


def test_signalThatStartsOver_isUnwrappedByTheHint():
    assert decode(said(100, 600), RATE, ME, hint_ms=PERIOD_MS).first == approx(PERIOD_MS + 100, abs=FINE)


def test_reach_findsTheSameQuicker():
    timeline = decode(joined(said(7000, 7300), said(7400, 7700)), RATE, ME, hint_ms=6500, reach_ms=2000)
    assert (timeline.first, timeline.last) == (approx(7000, abs=FINE), approx(7700, abs=FINE))
    assert decode(said(9000, 9300), RATE, ME, hint_ms=6500, reach_ms=2000).signal == []


def test_longAudio_isBroughtToTheBaseWithoutSeams():
    assert decode(said(0, 25_000), RATE, ME).jumps == []
    assert len(to_base(said(0, 25_000), RATE)) == 25_000 * 8


def test_wavFile_isWhatWasWritten():
    file = wav.read(wav.write(said(0, 100), RATE))
    assert (file.rate, file.channels, len(file.samples)) == (RATE, 1, 4800)


@pytest.mark.quiet
async def test_inTheRealRoom_everyMillisecondIsFoundWhereItWasSaid(join, room_server, quiet, figures):
    """From microphone to ear through Opus, the room server and the jitter buffer."""
    alice, bob = await join(room_server, "alice"), await join(room_server, "bob")
    speaker = await CodedSpeaker(alice, ME).publish()
    ear = await VoiceListener.to(bob, "alice")
    await ear.first_loud()
    await asyncio.sleep(1)
    mark = ear.mark()
    await asyncio.sleep(6)
    await speaker.stop()
    heard, arrivals = ear.heard(mark), ear.arrivals[mark:]
    await ear.close()
    timeline = decode(heard, RATE, ME)
    lags = [(ear.arrival(piece.end - 5, mark) - speaker.moment(piece.said_until - 5)) * 1000
            for piece in timeline.signal if piece.length > 100]
    figures("instrument: mouth to ear", f"{min(lags):.0f}…{max(lags):.0f} ms, {len(timeline.gaps)} gaps, "
            f"{len(timeline.inserts)} inserts in {len(arrivals) / 100:.0f} s, {quiet.words()}")
    assert timeline.total("signal") > 0.95 * (timeline.last - timeline.first) or not quiet.is_quiet
    assert 0 < min(lags) and (max(lags) < 500 or not quiet.is_quiet)
    left_out = [gap for gap in timeline.gaps if not gap.concealed]
    assert not left_out or not quiet.is_quiet, (left_out, str(timeline))
