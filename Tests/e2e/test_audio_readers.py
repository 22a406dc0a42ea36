"""The gated audio as a backend reads it: its formats and rates, many readers, a slow one, and readers that go."""

import asyncio
import socket

import numpy
import pytest

from support.answers import done, problem, until
from support.audio_reader import HEADER, StreamReader
from support.decoder import decode
from support.hearing import hears_openly
from support.service import ADMIN, READER
from support.speaker import CodedSpeaker
from support.turns import audio_policy
from test_gate import audio_input, has_audio, set_gate
from test_rpc import together

NUMBER = 71


class Talk:
    """A session in open mode where alice talks all the time."""

    def __init__(self, http, session: dict, speaker: CodedSpeaker) -> None:
        self.http, self.session, self.speaker = http, session, speaker
        self.readers: list[StreamReader] = []

    async def read(self, client=None, **parameters) -> StreamReader:
        self.readers.append(await StreamReader(client or self.http, self.session["id"], **parameters).open())
        return self.readers[-1]

    async def shown(self) -> list[dict]:
        return (await audio_input(self.http, self.session))["readers"]

    async def stop(self) -> None:
        for reader in self.readers:
            await reader.close()
        await self.speaker.stop()


@pytest.fixture
async def talk(http, room_server, join, make_session):
    session = await make_session(turn_policy=audio_policy(mode="open"))
    [alice] = await together(http, session, room_server, join, "alice")
    speaker = await CodedSpeaker(alice, NUMBER).publish()
    await has_audio(http, session, "alice")
    await hears_openly(http, session, "alice")
    # Its jitter buffer finds its depth.
    await speaker.reach(speaker.position() + 1000)
    talking = Talk(http, session, speaker)
    yield talking
    await talking.stop()


class Slow:
    """A client that opens a stream and never reads."""

    def __init__(self, talk: Talk, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # The service's end takes so much more than its own share of what is sent in larger parts.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self._socket.connect((host, int(port)))
        path = f"/v1/sessions/{talk.session['id']}/audio-input/stream?format=pcm&sample_rate=48000"
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN}\r\n\r\n".encode())

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def slow(service, talk):
    made = Slow(talk, service.url)
    yield made
    made.close()


def whole(reader: StreamReader, quiet, least_ms: float, number: int = NUMBER) -> None:
    """A piece of the signal with nothing missing."""
    timeline = decode(reader.samples(), reader.rate, number)
    assert timeline.total("signal") >= least_ms, str(timeline)
    left_out = [gap for gap in timeline.gaps if gap.length > 15 and not gap.concealed]
    assert not left_out or not quiet.is_quiet, (left_out, str(timeline))


async def test_formatsAndRates_allHoldTheSame(talk, quiet):
    """Twelve readers at once, each whole."""
    readers = [await talk.read(format=form, sample_rate=rate)
               for form in ("wav", "pcm") for rate in (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)]
    await readers[-1].gets(1500)
    for reader in readers:
        await reader.gets_all()
    shown = {one["id"]: one for one in await talk.shown()}
    assert len(shown) == len(readers) == len({reader.id for reader in readers})
    for reader in readers:
        one = shown[reader.id]
        assert (one["format"], one["sample_rate"], one["dropped_ms"]) == (reader.format, reader.rate, 0)
        assert one["sent_ms"] > 1000 and one["since"]
    for reader in readers:
        await reader.close()
    await talk.speaker.stop()
    for reader in readers:
        assert reader.id.startswith("rdr_")
        assert reader.content_type.startswith("audio/wav" if reader.format == "wav" else "audio/")
        whole(reader, quiet, 1200)
    # Each from when it came on.
    lengths = [reader.ms + (reader.opened - readers[0].opened) * 1000 for reader in readers]
    assert max(lengths) - min(lengths) < 1500 or not quiet.is_quiet


async def test_defaults_areWavAt16kHz(talk):
    reader = await talk.read()
    await reader.gets(100)
    head = b"".join(reader.parts)[:HEADER]
    assert head[:4] == b"RIFF" and int.from_bytes(head[24:28], "little") == 16_000
    assert int.from_bytes(head[22:24], "little") == 1 and int.from_bytes(head[34:36], "little") == 16


@pytest.mark.parametrize(("parameters", "field"), [
    ({"format": "mp3"}, "format"), ({"sample_rate": 7999}, "sample_rate"), ({"sample_rate": 48_001}, "sample_rate"),
    ({"sample_rate": "x"}, "sample_rate"), ({"rate": 16_000}, "rate")])
async def test_wrongParameters_areRefused(http, session, parameters, field):
    answer = await http.get(f"/v1/sessions/{session['id']}/audio-input/stream", params=parameters)
    problem(answer, 400, "invalid-request", field)
    assert (await audio_input(http, session))["readers"] == []


@pytest.mark.quiet
async def test_firstSound_comesAtOnce(talk, quiet, figures):
    reader = await talk.read(sample_rate=48_000, format="pcm")
    await reader.gets(1000)
    await talk.speaker.stop()
    timeline = decode(reader.samples(), 48_000, NUMBER)
    # The arrival of the part that a sound was in, against when it was said.
    passed, lags = 0.0, []
    for part, arrival in zip(reader.parts, reader.arrivals):
        passed += len(part) / 96
        piece = next((piece for piece in timeline.signal if piece.begin < passed <= piece.end), None)
        if piece is not None:
            lags.append((arrival - talk.speaker.moment(piece.said + passed - piece.begin)) * 1000)
    figures("stream, mouth to backend", f"median {numpy.median(lags):.0f}, worst {max(lags):.0f} ms; {quiet.words()}")
    assert numpy.median(lags) < 500 or not quiet.is_quiet


async def test_readerThatGoes_isForgotten(talk):
    first, second = await talk.read(), await talk.read()
    await first.gets(100)
    await first.close()

    async def one_left() -> bool:
        return [one["id"] for one in await talk.shown()] == [second.id]

    await until(one_left, "one reader")
    await second.gets(100)


async def test_readersEnd_withTheSession(http, talk):
    reader = await talk.read()
    await reader.gets(100)
    done(await http.delete(f"/v1/sessions/{talk.session['id']}"))
    await reader.until_ended()
    assert reader.ended and reader.ms > 0
    answer = await http.get(f"/v1/sessions/{talk.session['id']}/audio-input/stream")
    problem(answer, 409, "session-not-working")


async def test_readerWhileTheGateIsShut_getsNothingAndStays(http, talk):
    reader = await talk.read()
    await reader.gets(100)
    await set_gate(http, talk.session, False)
    await reader.gets_all()
    before = reader.ms
    await asyncio.sleep(0.5)
    assert reader.ms == before and not reader.ended
    await set_gate(http, talk.session, True)
    await reader.gets(100)


async def test_readScope_isEnoughToListen(service, talk):
    async with service.client(READER) as client:
        reader = await talk.read(client)
        await reader.gets(100)
        await reader.close()
    async with service.client(None) as client:
        problem(await client.get(f"/v1/sessions/{talk.session['id']}/audio-input/stream"), 401, "unauthenticated")


async def test_slowReader_losesItsOwnAndIsToldHowMuch_neverTheOthers(talk, slow, quiet):
    good = await talk.read(format="pcm")

    async def dropped() -> int:
        shown = {one["id"]: one["dropped_ms"] for one in await talk.shown()}
        assert shown[good.id] == 0
        return sum(shown.values())

    assert await until(dropped, "a slow reader that loses frames", 60) > 0
    await good.gets(1000)
    await talk.speaker.stop()
    whole(good, quiet, 800)
    slow.close()

    async def gone() -> bool:
        return [one["id"] for one in await talk.shown()] == [good.id]

    await until(gone, "the end of the slow reader")
