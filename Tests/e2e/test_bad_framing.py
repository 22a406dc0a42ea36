"""What HTTP itself forbids, or the service bounds: a problem too, and never a hung connection."""

import json

import pytest

from support.answers import problem
from support.service import ADMIN
from support.sockets import send_raw

HEAD = f"Host: x\r\nAuthorization: Bearer {ADMIN}\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(("status", "head"), [
    (400, "Content-Length: 2\r\nContent-Length: 2\r\n"), (400, "Content-Length: 2\r\nContent-Length: 3\r\n"),
    (400, "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
    (400, "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"), (400, "Content-Length: two\r\n"),
    (400, "Content-Length: -2\r\n"), (400, "Content-Length: +2\r\n"), (400, "Content-Length: 2, 2\r\n"),
    (501, "Transfer-Encoding: gzip\r\nX: y\r\n"), (417, "Expect: miracles\r\nContent-Length: 2\r\n"),
    (400, "Bad Header: 1\r\nContent-Length: 2\r\n"), (400, "no colon\r\nContent-Length: 2\r\n"),
    (400, "Host: again\r\nContent-Length: 2\r\n"), (413, "Content-Length: 1048577\r\n"),
    (413, "Content-Length: 99999999999999999999999\r\n"),
])
async def test_framingThatIsWrong(service, status, head):
    raw = await send_raw(service.url, f"POST /v1/sessions HTTP/1.1\r\n{HEAD}{head}\r\n{{}}".encode())
    problem(raw.response(), status)


@pytest.mark.parametrize(("status", "line"), [
    (400, "GET\r\n"), (400, "GET /healthz\r\n"), (505, "GET /healthz HTTP/2.0\r\n"), (400, "GET /health z HTTP/1.1\r\n"),
    (400, "GET healthz HTTP/1.1\r\n"), (405, "BREW /healthz HTTP/1.1\r\n"), (400, "GET /%zz HTTP/1.1\r\n"),
])
async def test_requestLineThatIsWrong(service, status, line):
    problem((await send_raw(service.url, f"{line}Host: x\r\n\r\n".encode())).response(), status)


async def test_hostThatIsMissing_is400(service):
    problem((await send_raw(service.url, b"GET /healthz HTTP/1.1\r\n\r\n")).response(), 400)


async def test_headersOverTheLimit_are431(service):
    big = "".join(f"X-{number}: {'x' * 1000}\r\n" for number in range(40))
    problem((await send_raw(service.url, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{big}\r\n".encode())).response(), 431,
            "headers-too-large")
    one = f"X: {'x' * 40_000}\r\n"
    problem((await send_raw(service.url, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{one}\r\n".encode())).response(), 431)


async def test_targetOverTheLimit_is414(service):
    request = f"GET /healthz?{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n"
    problem((await send_raw(service.url, request.encode())).response(), 414, "uri-too-long")


async def test_bodyOverTheLimit_is413WithContentLengthAndInChunks(service, http):
    problem(await http.post("/v1/sessions", json={"room": "x" * (1 << 20)}), 413, "body-too-large")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    raw = await send_raw(service.url, f"POST /v1/sessions HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode(),
                         *[chunk] * 17)
    problem(raw.response(), 413, "body-too-large")


async def test_bodyJustUnderTheLimit_isRead(http):
    # A mebibyte that is read in whole and then refused for what is in it.
    text = b'{"room": "' + b"x" * ((1 << 20) - 12) + b'"}'
    assert len(text) == 1 << 20
    answer = await http.post("/v1/sessions", content=text, headers={"Content-Type": "application/json"})
    problem(answer, 400, "invalid-request", "room")


async def test_bodyInChunks_isReadAsAnyOther(http):
    async def chunks():
        for piece in (b'{"ro', b'om": ', b'""}'):
            yield piece

    answer = await http.post("/v1/sessions", content=chunks(), headers={"Content-Type": "application/json"})
    problem(answer, 400, "invalid-request", "room")


async def test_secretThatIsSent_isNotSentBack(service):
    async with service.client(None) as http:
        for path in ("/v1/sessions", "/nowhere"):
            answer = await http.get(path, headers={"Authorization": "Bearer not-the-key-but-private"})
            assert "not-the-key-but-private" not in answer.text
    assert all("not-the-key-but-private" not in json.dumps(line) for line in service.log)
