"""Fixtures: one shared server, one that a test may break, and clients that leave at the end."""

from __future__ import annotations

import itertools

import pytest_asyncio

from peers import Peer, token
from server_process import ServerProcess

_rooms = itertools.count(1)
NO_FAULTS = {
    "drop_rpc_responses": False, "drop_rpc_acks": False, "refuse_resume": False,
    "rpc_v1_only": False, "delay_data_ms": 0,
}


@pytest_asyncio.fixture(scope="session")
async def shared_server():
    running = await ServerProcess("--departure-timeout", "1", "--empty-room-timeout", "1").start()
    yield running
    assert await running.stop() == 0


@pytest_asyncio.fixture
async def server(shared_server):
    """The shared server, without faults at the start and at the end of the test."""
    yield shared_server
    await shared_server.faults(**NO_FAULTS)


@pytest_asyncio.fixture
async def own_server():
    """A server for one test, which may kill it and start it again."""
    running = await ServerProcess("--departure-timeout", "1").start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def room() -> str:
    """The name of a room that no other test uses."""
    return f"room-{next(_rooms)}"


@pytest_asyncio.fixture
async def join(room):
    """`await join(server, identity, …)`: a client in the test's room, gone at the end."""
    peers: list[Peer] = []

    async def enter(server: ServerProcess, identity: str, options: dict | None = None, **grants) -> Peer:
        grants.setdefault("can_update_own_metadata", True)
        peer = Peer(identity)
        peers.append(peer)
        return await peer.join(server, token(identity, room, **grants), **(options or {}))

    yield enter
    for peer in peers:
        await peer.leave()
