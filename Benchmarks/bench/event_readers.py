"""`python -m bench.event_readers`: many readers of event streams, in a process of its own.

Takes `{host, port, authorization, paths}` as JSON, one line, from its standard input; says `open` once every stream
has begun; reads until its standard input ends and then until nothing has come for a while; and prints, for each
path, how many events came and the SHA-256 of their ids in the order in which they came.
"""

from __future__ import annotations

import hashlib
import json
import select
import socket
import sys
import time

OPEN_SECONDS = 30
QUIET_SECONDS = 1.5
# What every stream begins with, so that its head goes out at once.
BEGINNING = b"retry: "


def digest(ids: list[str]) -> str:
    """Tells one list of ids from any other."""
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


class Stream:
    """All that came, as it came; it is looked at when everything is over."""

    def __init__(self, host: str, port: int, authorization: str, path: str) -> None:
        self.path = path
        self.socket = socket.create_connection((host, port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n".encode())
        self.socket.setblocking(False)
        self.received = bytearray()

    def read(self) -> None:
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise RuntimeError(f"{self.path} was ended: {bytes(self.received[-300:])!r}")
        self.received += piece

    @property
    def has_begun(self) -> bool:
        if self.received and not self.received.startswith(b"HTTP/1.1 200 "[:len(self.received)]):
            raise RuntimeError(f"{self.path}: {bytes(self.received[:500])!r}")
        return BEGINNING in self.received

    def ids(self) -> list[str]:
        """The events' ids, in the order in which they came."""
        head, _, body = bytes(self.received).partition(b"\r\n\r\n")
        text = _whole(body) if b"transfer-encoding: chunked" in head.lower() else body
        return [line[4:].decode() for line in text.split(b"\n") if line.startswith(b"id: ")]


def _whole(body: bytes) -> bytes:
    """Without the marks of the chunks; an unfinished one at the end is left out."""
    pieces, place = [], 0
    while (end := body.find(b"\r\n", place)) >= 0:
        size = int(body[place:end], 16)
        if len(body) < end + 2 + size:
            break
        pieces.append(body[end + 2:end + 2 + size])
        place = end + 2 + size + 2
    return b"".join(pieces)


class Readers:
    """All streams, read as they come."""

    def __init__(self, streams: list[Stream]) -> None:
        self._streams = {one.socket.fileno(): one for one in streams}
        self._poll = select.epoll()
        for number in self._streams:
            self._poll.register(number, select.EPOLLIN)

    def begin(self) -> None:
        waiting = set(self._streams)
        deadline = time.monotonic() + OPEN_SECONDS
        while waiting:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(waiting)} streams never began")
            for number in self._read(0.1):
                if self._streams[number].has_begun:
                    waiting.discard(number)

    def follow(self) -> None:
        """Until standard input is at its end, and it has become quiet."""
        source = sys.stdin.fileno()
        self._poll.register(source, select.EPOLLIN)
        last = None
        while last is None or time.monotonic() - last < QUIET_SECONDS:
            ready = self._read(0.1)
            if source in ready:
                self._poll.unregister(source)
                last = time.monotonic()
            elif last is not None and ready:
                last = time.monotonic()

    def _read(self, seconds: float) -> list[int]:
        ready = [number for number, _ in self._poll.poll(seconds)]
        for number in ready:
            if number in self._streams:
                self._streams[number].read()
        return ready


def main() -> None:
    order = json.loads(sys.stdin.readline())
    paths = order.pop("paths")
    streams = [Stream(path=path, **order) for path in paths]
    readers = Readers(streams)
    readers.begin()
    print("open", flush=True)
    readers.follow()
    cpu = time.process_time()
    found = [(one.path, ids) for one in streams for ids in [one.ids()]]
    print(json.dumps({"cpu": cpu, "streams": [(path, len(ids), digest(ids)) for path, ids in found]}))


if __name__ == "__main__":
    main()
