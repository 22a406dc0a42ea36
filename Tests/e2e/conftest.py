"""The stack: a real PostgreSQL, the room server, the service, and clients with the official SDK."""

from __future__ import annotations

import itertools
import sys

import pytest
import pytest_asyncio
from livekit import api

from peers import Peer, token
from server_process import KEY, SECRET, ServerProcess
from support import figures as measured
from support.answers import done
from support.backend import Backend
from support.cluster import Cluster
from support.listening import Listening
from support.quiet import Quiet
from support.service import Service, environment
from support.turns import audio_policy

_numbers = itertools.count(1)
# The speakers' threads are to get their turn within the time of a frame.
sys.setswitchinterval(0.001)


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
    assert await running.stop() == 0, running.log[-5:]
    running.assert_log_is_clean()


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
async def serve():
    """`await serve(environment)`: a service for one test; what still runs at the end must end well."""
    running: list[Service] = []

    async def start(variables: dict[str, str]) -> Service:
        running.append(Service(variables))
        return await running[-1].start()

    yield start
    for one in running:
        if one.is_running:
            assert await one.stop() == 0, one.log[-5:]
        one.assert_log_is_clean()


@pytest_asyncio.fixture
async def own_service(cluster, own_room_server, serve):
    """A service for one test, over a database and a room server of its own."""
    return await serve(environment(cluster.new_database(), own_room_server))


@pytest.fixture
def room() -> str:
    """The name of a room that no other test uses."""
    return f"room-{next(_numbers)}"


@pytest.fixture
def other_room(room) -> str:
    """Another one."""
    return f"other-{room}"


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
async def make_session(http, room):
    """`await make_session(field=…)`: a live session in the test's room, ended at the end."""
    made: list[str] = []

    async def make(**fields) -> dict:
        session = done(await http.post("/v1/sessions", json={"room": room} | fields), 201)
        made.append(session["id"])
        return session

    yield make
    for identifier in made:
        assert (await http.delete(f"/v1/sessions/{identifier}")).status_code == 200


@pytest_asyncio.fixture
async def session(make_session):
    """A live session in the test's room, ended at the end."""
    return await make_session()


@pytest_asyncio.fixture
async def backend():
    """A system of the users' on this machine; takes everything unless told."""
    running = await Backend().start()
    yield running
    await running.stop()


@pytest_asyncio.fixture
async def room_service(room_server):
    """LiveKit's server API at the room server."""
    client = api.LiveKitAPI(room_server.http_url, KEY, SECRET)
    yield client.room
    await client.aclose()


@pytest_asyncio.fixture
async def listening(http, room_server, make_session, room):
    """`await listening(name, policy…)`: a session in a room of its own, and its listener."""
    from test_rpc import together

    peers: list[Peer] = []
    made: list[Listening] = []

    async def make(name: str = "one", **policy) -> Listening:
        own = f"{room}-{name}"
        session = await make_session(room=own, turn_policy=audio_policy(notify_on=["listening"]) | policy)

        async def enter(server, identity: str) -> Peer:
            peers.append(Peer(identity))
            return await peers[-1].join(server, token(identity, own))

        [alice] = await together(http, session, room_server, enter, "alice")
        made.append(Listening(http, session, alice))
        return await made[-1].listen()

    yield make
    for one in made:
        if one.ear is not None:
            await one.ear.close()
    for peer in peers:
        await peer.leave()


@pytest.fixture
def quiet():
    """Says at any time whether the machine has been quiet since the test began."""
    watching = Quiet().start()
    yield watching
    watching.stop()


@pytest.fixture
def figures():
    """`figures(name, text)`: printed at the end of the run."""
    return measured.note


def pytest_collection_modifyitems(items):
    """The long ones first, each with another after it: with several processes each of them begins with the next two."""
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if item not in long]
    pairs = [item for pair in zip(long, others) for item in pair]
    items[:] = pairs + others[len(long):] + long[len(others):]


def pytest_sessionfinish(session):
    """With several processes each hands its figures to the one that prints them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["figures"] = measured.LINES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """What such a process handed over; one that died has nothing."""
    measured.LINES.extend(getattr(node, "workeroutput", {}).get("figures", []))


def pytest_terminal_summary(terminalreporter):
    if measured.LINES:
        terminalreporter.section("Figures")
        for line in measured.LINES:
            terminalreporter.write_line(line)
