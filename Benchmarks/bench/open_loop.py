"""`python -m bench.open_loop`: requests at a steady rate, whatever the answers do. A process of its own.

Each request has a moment at which it is due, and its time counts from there: one that had to wait because the answer
before it was late is late itself. Takes an `Order` as JSON from its standard input, and prints a `Harvest`.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field

LONGEST_SECONDS = 20
# Ahead of those that it measures: when it wakes up late, that is not the answer's time.
PRECEDENCE = -10


@dataclass(frozen=True)
class Order:
    """`seconds` of `rate` requests a second to the `paths` in turn, each path always on the same connection.

    With `bodies` they are PUTs, and each path gets one body after the other. `skip` seconds at the start do not count.
    Every answer must be a 200 in which the text after the last slash but one of `keys` is found.
    """

    host: str
    port: int
    authorization: str
    paths: list[str]
    keys: list[str]
    rate: float
    seconds: float
    skip: float = 0
    connections: int = 100
    bodies: list[str] = field(default_factory=list)

    def request(self, number: int) -> bytes:
        path = self.paths[number % len(self.paths)]
        head = f"{path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: {self.authorization}\r\n"
        if not self.bodies:
            return f"GET {head}\r\n".encode()
        body = self.bodies[number // len(self.paths) % len(self.bodies)]
        return f"PUT {head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@dataclass
class Harvest:
    """Times in ms, of the requests that count; the bodies of the answers to PUTs; CPU seconds of this process."""

    p50: float = 0
    p99: float = 0
    highest: float = 0
    count: int = 0
    bodies: list[str] = field(default_factory=list)
    cpu: float = 0


class WrongAnswer(Exception):
    """Not what was to be answered; no figure comes of that."""


class Connection:
    """One request at a time; those that are due meanwhile wait in line."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self._waiting: deque[tuple[float, int, bytes]] = deque()
        self._current: tuple[float, int] | None = None
        self._received = b""

    @property
    def is_busy(self) -> bool:
        return self._current is not None

    def ask(self, due: float, number: int, request: bytes) -> None:
        self._waiting.append((due, number, request))
        if self._current is None:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            return
        due, number, request = self._waiting.popleft()
        self._current = (due, number)
        if self.socket.send(request) != len(request):
            raise WrongAnswer("the connection takes no more")

    def read(self) -> tuple[float, int, bytes] | None:
        """When the request was due, its number, and the body of the answer, once that is whole."""
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise WrongAnswer(f"the connection was closed after {self._received[:200]!r}")
        self._received += piece
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        if not head.startswith(b"HTTP/1.1 200 "):
            raise WrongAnswer(self._received[:2000].decode(errors="replace"))
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return None
        self._received = b""
        due, number = self._current
        self._current = None
        self._next()
        return due, number, rest


class Run:
    """An order being carried out."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._total = round(order.rate * order.seconds)
        self._connections = [Connection(order.host, order.port) for _ in range(order.connections)]
        self._sockets = {one.socket: one for one in self._connections}
        self._requests = [order.request(number) for number in range(len(order.paths) * max(1, len(order.bodies)))]
        self._milliseconds: list[float] = []
        self._bodies: list[str] = []

    def carry_out(self) -> Harvest:
        begun = time.monotonic() + 0.05
        given = answered = 0
        while answered < self._total:
            now = time.monotonic()
            if now > begun + self._order.seconds + LONGEST_SECONDS:
                raise WrongAnswer(f"{self._total - answered} of {self._total} answers never came")
            while given < self._total and (due := begun + given / self._order.rate) <= now:
                place = given % len(self._order.paths) % len(self._connections)
                self._connections[place].ask(due, given, self._requests[given % len(self._requests)])
                given += 1
            pause = max(0.0, begun + given / self._order.rate - now) if given < self._total else 0.5
            # select and not epoll: its timeout is exact to the microsecond.
            for ready in select.select(self._sockets, [], [], pause)[0]:
                answered += self._take(self._sockets[ready], begun)
        return self._harvest()

    def _take(self, connection: Connection, begun: float) -> int:
        whole = connection.read()
        if whole is None:
            return 0
        due, number, body = whole
        if self._order.keys[number % len(self._order.keys)].encode() not in body:
            raise WrongAnswer(f"the answer is about something else: {body[:500]!r}")
        if due >= begun + self._order.skip:
            self._milliseconds.append((time.monotonic() - due) * 1000)
        if self._order.bodies:
            self._bodies.append(body.decode())
        return 1

    def _harvest(self) -> Harvest:
        times = sorted(self._milliseconds)
        return Harvest(times[len(times) // 2], times[-(-len(times) * 99 // 100) - 1], times[-1], len(times),
                       self._bodies, time.process_time())


def main() -> None:
    order = Order(**json.load(sys.stdin))
    try:
        os.setpriority(os.PRIO_PROCESS, 0, PRECEDENCE)
    except PermissionError:
        pass
    run = Run(order)
    gc.disable()
    print(json.dumps(asdict(run.carry_out())))


if __name__ == "__main__":
    main()
