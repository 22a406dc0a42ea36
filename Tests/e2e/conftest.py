"""The stack: a real PostgreSQL, the room server, the service, and clients with the official SDK."""

from __future__ import annotations

import itertools

import pytest
import pytest_asyncio

from peers import Peer, token
from server_process import ServerProcess
from support.cluster import Cluster
from support.service import Service, environment

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster():
    """PostgreSQL for the tests that leave it alone."""
    running = Cluster().start()
    yield running
    running.remove()


@pytest_asyncio.fixture(scope="session")
async def room_server():
    """The room server for the tests that leave it alone."""
    running = await ServerProcess("--departure-timeout", "1", "--empty-room-timeout", "1").start()
    yield running
    assert await running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def service(cluster, room_server):
    """The service for the tests that leave it alone; it must end well."""
    running = await Service(environment(cluster.url, room_server)).start()
    yield running
    assert await running.stop() == 0


@pytest_asyncio.fixture
async def http(service):
    async with service.client() as client:
        yield client


@pytest.fixture
def own_cluster():
    """PostgreSQL for one test, which may stop, kill and start it."""
    running = Cluster().start()
    yield running
    running.remove()


@pytest_asyncio.fixture
async def own_room_server():
    """A room server for one test, which may kill it and start it again."""
    running = await ServerProcess("--departure-timeout", "1").start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def own_service(own_cluster, own_room_server):
    """A service for one test, over a database and a room server of its own."""
    running = await Service(environment(own_cluster.url, own_room_server)).start()
    yield running
    await running.stop()


@pytest.fixture
def room() -> str:
    """The name of a room that no other test uses."""
    return f"room-{next(_numbers)}"


@pytest_asyncio.fixture
async def join(room):
    """`await join(server, identity, …)`: a client in the test's room, gone at the end."""
    peers: list[Peer] = []

    async def enter(server: ServerProcess, identity: str, **grants) -> Peer:
        grants.setdefault("can_update_own_metadata", True)
        peer = Peer(identity)
        peers.append(peer)
        return await peer.join(server, token(identity, room, **grants))

    yield enter
    for peer in peers:
        await peer.leave()


@pytest_asyncio.fixture
async def session(http, room):
    """A live session in the test's room, ended at the end."""
    answer = await http.post("/v1/sessions", json={"room": room})
    assert answer.status_code == 201, answer.text
    yield answer.json()
    assert (await http.delete(f"/v1/sessions/{answer.json()['id']}")).status_code == 200
