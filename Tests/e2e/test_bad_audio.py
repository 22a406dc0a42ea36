"""Speech that is none: wrong forms, bodies that break off or never end. The agent stays well."""

import asyncio
import struct
import time

import httpx
import pytest

from support import wav
from support.answers import done, history, problem, until
from support.coded_signal import RATE
from support.listening import WAV, Listening, speech
from support.processes import resident_kib
from support.sockets import send_raw
from support.turns import get_session


def chunk(name: bytes, size: int) -> bytes:
    return name + struct.pack("<I", size)


GOOD = speech(28, 100)
BAD = {
    "empty": (b"", WAV, 400, "bad-audio"),
    "text": (b"this is a text and no sound at all, " * 50, WAV, 400, "bad-audio"),
    "json": (b'{"say": "hello"}', WAV, 400, "bad-audio"),
    "header-cut": (GOOD[:30], WAV, 400, "bad-audio"),
    "header-only": (GOOD[:44], WAV, 400, "bad-audio"),
    "no-samples": (wav.header(RATE, 1, 0), WAV, 400, "bad-audio"),
    "truncated": (wav.header(RATE, 1, 96_000) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "24-bit": (wav.header(RATE, 1, 28_800, bits=24) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "float-32": (wav.header(RATE, 1, 38_400, bits=32, form=wav.FLOAT) + b"\0" * 38_400, WAV, 400, "bad-audio"),
    "float-24": (wav.header(RATE, 1, 28_800, bits=24, form=wav.FLOAT) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "mu-law": (wav.header(8000, 1, 8000, bits=8, form=7) + b"\0" * 8000, WAV, 400, "bad-audio"),
    "3-channels": (wav.header(RATE, 3, 28_800) + b"\0" * 28_800, WAV, 400, "bad-audio"),
    "0-channels": (wav.header(RATE, 0, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "rate-1": (wav.header(1, 1, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "rate-huge": (wav.header(4_000_000_000, 1, 9600) + b"\0" * 9600, WAV, 400, "bad-audio"),
    "data-first": (b"RIFF" + struct.pack("<I", 100) + b"WAVE" + chunk(b"data", 960) + b"\0" * 960, WAV, 400, "bad-audio"),
    "half-sample": (b"\0" * 961, {"Content-Type": "audio/L16;rate=48000"}, 400, "bad-audio"),
    "l16-empty": (b"", {"Content-Type": "audio/L16;rate=48000"}, 400, "bad-audio"),
    "l16-no-rate": (b"\0" * 960, {"Content-Type": "audio/L16"}, 415, "unsupported-media-type"),
    "l16-bad-rate": (b"\0" * 960, {"Content-Type": "audio/L16;rate=banana"}, 415, "unsupported-media-type"),
    "l16-3-channels": (b"\0" * 960, {"Content-Type": "audio/L16;rate=48000;channels=3"}, 415, "unsupported-media-type"),
    "mp3": (b"ID3" + b"\0" * 960, {"Content-Type": "audio/mpeg"}, 415, "unsupported-media-type"),
    "json-type": (b"{}", {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
    "no-type": (GOOD, {}, 415, "unsupported-media-type"),
}


async def test_badAudio_isAClearProblem_theRoomStaysQuietAndTheSessionWell(listening):
    one = await listening()
    before, since = await history(one.http, one.session["id"]), one.ear.mark()
    wrong = []
    for name, (body, headers, status, slug) in BAD.items():
        answer = await one.http.post(one.url("speech"), content=body, headers=headers)
        try:
            said = problem(answer, status, slug)
            assert len(said["detail"]) > 20, said
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)
    await well_and_quiet(one, since)
    # Where the fault is at the end, the good part before it may have been begun; it ends as any other speech.
    rows = await history(one.http, one.session["id"])
    words = [row["new_state"] for row in rows[len(before):]]
    assert words == ["speaking", "listening"] * (len(words) // 2) and len(words) <= 2 * 3, rows[len(before):]


async def well_and_quiet(one: Listening, since: int) -> None:
    """Nothing loud was heard, the agent listens, and can speak."""
    async def listens() -> bool:
        return (await get_session(one.http, one.session["id"]))["agent_state"] == "listening"

    await until(listens, "an agent that listens")
    assert not one.ear.loud(since), "bad audio was heard"
    shown = await get_session(one.http, one.session["id"])
    assert shown["status"] == "active" and shown["turn"] is None
    while not one.told.empty():
        one.told.get_nowait()
    mark = one.ear.mark()
    assert (await one.say(speech(29, 300), wait_ms=5000))["status"] == "completed"
    await one.next_told()
    await one.hears(29, mark, 270)


async def speaks(one: Listening, before: int) -> None:
    """The agent has begun to play what there is: it says so in its history, in which there were so many rows before."""
    async def look() -> bool:
        return "speaking" in [row["new_state"] for row in (await history(one.http, one.session["id"]))[before:]]

    await until(look, "an agent that speaks")


async def test_hundredMegabytes_areRefusedAtOnce(listening, service):
    one = await listening()
    since = one.ear.mark()
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: 100000044\r\n\r\n").encode()
    # Nothing of it comes, but the header.
    answer = await send_raw(service.url, head, wav.header(RATE, 1, 100_000_000))
    assert answer.response().json()["type"] in ("/problems/audio-too-long", "/problems/body-too-large")
    problem(answer.response(), 413)
    await well_and_quiet(one, since)


async def test_bodyThatNeverEnds_isEndedByTheService(listening):
    """A header that goes on for ever: refused once it is clear that no sound begins."""
    one = await listening()
    since = one.ear.mark()

    async def endless():
        yield b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunk(b"junk", 0xFFFFFFF0)
        for _ in range(100_000):
            yield b"\0" * 4096

    try:
        answer = await one.http.post(one.url("speech"), content=endless(), headers=WAV)
        problem(answer, 400, "bad-audio")
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass  # Shut in the face of what goes on sending is an end too.
    await well_and_quiet(one, since)


async def test_silenceThatNeverEnds_isPlayedAtItsPaceAndCanBeInterrupted(listening, service):
    """A stream that is well-formed may last; it neither fills the memory nor keeps the floor of speech for ever."""
    one = await listening()
    rows = len(await history(one.http, one.session["id"]))
    since, sent, before, began = one.ear.mark(), 0, resident_kib(service.pid), time.monotonic()

    async def endless():
        nonlocal sent
        yield wav.header(RATE, 1, 0xFFFFFFFF)
        for _ in range(100_000):
            sent += 9600
            yield b"\0" * 9600

    post = one.http.post(one.url("speech"), content=endless(), headers=WAV, params={"wait_ms": 5000})
    saying = asyncio.ensure_future(post)
    await speaks(one, rows)
    await asyncio.sleep(1.5)
    assert not saying.done()
    # What is taken in ahead of the playout is bounded; the kernel's own buffers hold some ten megabytes.
    assert sent < 24 << 20, sent
    assert resident_kib(service.pid) - before < 16 << 10
    answer = done(await one.http.post(one.url("interrupt")))
    assert answer["interrupted"] is True and 500 < answer["played_ms"] < (time.monotonic() - began) * 1000 + 500
    try:
        ended = await asyncio.wait_for(saying, 30)
        assert ended.status_code == 201 and ended.json()["status"] == "interrupted"
    except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
        pass
    await well_and_quiet(one, since)


async def test_uploadThatBreaksOff_failsAndTheAgentListens(listening, service):
    """The connection is gone in the middle of the body."""
    one = await listening()
    rows = len(await history(one.http, one.session["id"]))
    address = service.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(address[0], int(address[1]))
    since = one.ear.mark()
    body = speech(30, 2000)
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    writer.write(head + body[:40_000])
    await writer.drain()
    await speaks(one, rows)
    writer.transport.abort()
    await one.next_told()
    await one.silence()
    timeline = one.heard(30, since)
    # Cut off with its first sound, it may be too short to be decoded.
    assert not timeline.signal or timeline.last < 480, str(timeline)
    await well_and_quiet(one, one.ear.mark())


async def test_bodyThatStopsInTheMiddle_isA408AndTheAgentListens(listening, service):
    """The connection stays, and nothing more comes."""
    one = await listening()
    rows = len(await history(one.http, one.session["id"]))
    address = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address[0], int(address[1]))
    body = speech(31, 2000)
    head = (f"POST {one.url('speech')} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin-secret\r\n"
            f"Content-Type: audio/wav\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    writer.write(head + body[:20_000])
    await writer.drain()
    await speaks(one, rows)
    line = await asyncio.wait_for(reader.readline(), 60)
    assert line.split()[1] in (b"408", b"400"), line
    writer.close()
    await one.silence()
    await well_and_quiet(one, one.ear.mark())


async def test_speechNeedsTheScope(service, listening):
    from support.service import READER

    one = await listening()
    async with service.client(READER) as reader:
        problem(await reader.post(one.url("speech"), content=GOOD, headers=WAV), 403, "forbidden")
        problem(await reader.post(one.url("interrupt")), 403, "forbidden")
    async with service.client(None) as nobody:
        problem(await nobody.post(one.url("speech"), content=GOOD, headers=WAV), 401, "unauthenticated")
