"""Requests that no HTTP library would send, over a plain socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

READ_SECONDS = 20


@dataclass
class RawAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    def response(self) -> httpx.Response:
        """The same as httpx would show it."""
        return httpx.Response(self.status, headers=self.headers, content=self.body)


async def send_raw(url: str, *parts: bytes) -> RawAnswer:
    """Sends the bytes as they are and reads the first answer."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(READ_SECONDS):
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> RawAnswer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    return RawAnswer(int(head[0].split(" ")[1]), headers, await reader.readexactly(length))
