"""2,000 open event streams, with 200 requests a second beside them."""

import asyncio
import resource
from urllib.parse import urlsplit

import pytest

from support.answers import done, put_state, until
from support.effort import enough
from support.figures import note
from support.service import ADMIN, environment

STREAMS = 2000
REQUESTS_PER_SECOND = 200
SECONDS = enough(10, 5)


class Stream:
    """One open stream over a plain socket; counts what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.broken = ""

    async def run(self, host: str, port: int, path: str) -> None:
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 16)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {ADMIN}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            self.broken = head.decode()
            return
        self.opened.set_result(None)
        try:
            async for line in reader:
                if line.startswith(b"id: "):
                    self.told.append(line)
        except ConnectionError as error:
            self.broken = repr(error)

    async def open(self, host: str, port: int, path: str) -> "Stream":
        self.opened = asyncio.get_running_loop().create_future()
        self.task = asyncio.ensure_future(self.run(host, port, path))
        await asyncio.wait({self.opened, self.task}, return_when=asyncio.FIRST_COMPLETED)
        assert self.opened.done(), self.broken
        return self


def memory_of(pid: int) -> int:
    """The proportional set size, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no Pss")


@pytest.mark.quiet
async def test_twoThousandStreams_andRequestsBesideThem_noError(cluster, own_room_server, serve, room):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    service = await serve(environment(cluster.new_database(), own_room_server))
    address = urlsplit(service.url)
    async with service.client() as http:
        sessions = [done(await http.post("/v1/sessions", json={"room": f"{room}-{number}"}), 201) for number in range(10)]
        before = memory_of(service.pid)
        streams: list[Stream] = []
        for start in range(0, STREAMS, 100):
            streams += await asyncio.gather(*(
                Stream().open(address.hostname, address.port,
                              f"/v1/sessions/{sessions[number % 10]['id']}/events?heartbeat_s=5")
                for number in range(start, start + 100)))
        opened = memory_of(service.pid)
        answers: list[int] = []

        async def ask(number: int) -> None:
            answers.append((await http.get(f"/v1/sessions/{sessions[number % 10]['id']}")).status_code)

        asking = []
        for number in range(SECONDS * REQUESTS_PER_SECOND):
            asking.append(asyncio.ensure_future(ask(number)))
            await asyncio.sleep(1 / REQUESTS_PER_SECOND)
            if number % REQUESTS_PER_SECOND == 0:
                for session in sessions:
                    step = ("thinking", "listening")[number // REQUESTS_PER_SECOND % 2]
                    await put_state(http, session["id"], step)
        await asyncio.gather(*asking)
        assert answers == [200] * (SECONDS * REQUESTS_PER_SECOND)

        async def all_told() -> bool:
            return all(len(stream.told) >= SECONDS for stream in streams)

        await until(all_told, "every step at every reader")
        assert not [stream.broken for stream in streams if stream.broken]
        for stream in streams:
            assert len(stream.told) == len(set(stream.told))
        note("event streams", f"{STREAMS} open, {len(answers)} requests beside them, "
             f"{(opened - before) / STREAMS / 1024:.1f} KiB a stream, "
             f"{(memory_of(service.pid) - before) / STREAMS / 1024:.1f} KiB after {SECONDS} s")
        for session in sessions:
            done(await http.delete(f"/v1/sessions/{session['id']}"))
        await asyncio.wait_for(asyncio.gather(*(stream.task for stream in streams)), 30)
