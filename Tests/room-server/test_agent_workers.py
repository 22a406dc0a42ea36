"""Agent workers: how they register, how a dispatch becomes a job, and what the job's token allows."""

import asyncio

import aiohttp
import pytest
from livekit import api, rtc
from livekit.protocol import agent, models

from peers import WAIT_SECONDS, Peer, token
from server_process import KEY, SECRET

STATUS = agent.JobStatus
EVERYTHING = models.ParticipantPermission(
    can_publish=True, can_subscribe=True, can_publish_data=True, can_update_metadata=True)


class Worker:
    """A worker that says yes, unless told otherwise, and keeps what it is sent."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session, self.socket = session, socket
        self.id = ""

    @classmethod
    async def connect(cls, server, jwt: str | None = None) -> "Worker":
        session = aiohttp.ClientSession()
        headers = {"Authorization": f"Bearer {jwt or token('', room_join=False, agent=True)}"}
        try:
            return cls(session, await session.ws_connect(server.http_url + "/agent", headers=headers))
        except aiohttp.WSServerHandshakeError:
            await session.close()
            raise

    async def register(self, agent_name: str, allowed: models.ParticipantPermission = EVERYTHING) -> "Worker":
        await self.send(register=agent.RegisterWorkerRequest(
            type=agent.JobType.JT_ROOM, agent_name=agent_name, version="1", allowed_permissions=allowed))
        self.id = (await self.receive("register")).worker_id
        return self

    async def send(self, **message) -> None:
        await self.socket.send_bytes(agent.WorkerMessage(**message).SerializeToString())

    async def receive(self, kind: str):
        """The next message, which has to be of that kind."""
        data = await self.socket.receive_bytes(timeout=WAIT_SECONDS)
        message = agent.ServerMessage.FromString(data)
        assert message.WhichOneof("message") == kind, message
        return getattr(message, kind)

    async def answer(self, available: bool, **fields) -> agent.Job:
        """Answers the next offer."""
        job = (await self.receive("availability")).job
        await self.send(availability=agent.AvailabilityResponse(job_id=job.id, available=available, **fields))
        return job

    async def caught_up(self) -> None:
        """The server has read everything that was sent before."""
        await self.send(ping=agent.WorkerPing(timestamp=7))
        assert (await self.receive("pong")).last_timestamp == 7

    async def close(self) -> None:
        await self.socket.close()
        await self._session.close()


@pytest.fixture
async def dispatches(server):
    client = api.LiveKitAPI(server.http_url, KEY, SECRET)
    yield client.agent_dispatch
    await client.aclose()


@pytest.fixture
async def worker(server, room):
    """`await worker()`: a registered worker; its agents' name is the room's, so that no other test gets its jobs."""
    workers: list[Worker] = []

    async def make() -> Worker:
        workers.append(await Worker.connect(server))
        return await workers[-1].register(room)

    yield make
    for one in workers:
        await one.close()


def wanted(room: str, **fields: object) -> api.CreateAgentDispatchRequest:
    return api.CreateAgentDispatchRequest(agent_name=room, room=room, **fields)


async def until_status(dispatches, room: str, dispatch_id: str, status: int) -> agent.JobState:
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            [job] = (await dispatches.get_dispatch(dispatch_id, room)).state.jobs
            if job.state.status == status:
                return job.state
            await asyncio.sleep(0.01)


async def test_dispatch_makesAJob_andItsTokenLetsTheAgentIn(server, dispatches, worker, join, room):
    one = await worker()
    alice = await join(server, "alice")
    made = await dispatches.create_dispatch(wanted(room, metadata="m"))
    assert made.id.startswith("AD_") and (made.room, made.agent_name, made.metadata) == (room, room, "m")
    job = await one.answer(True, participant_identity="ava", participant_name="Ava", participant_attributes={"a": "1"})
    assert (job.dispatch_id, job.metadata, job.room.name, job.agent_name) == (made.id, "m", room, room)
    assert job.id.startswith("AJ_") and job.type == agent.JobType.JT_ROOM
    assignment = await one.receive("assignment")
    assert assignment.job.id == job.id and assignment.job.state.status == STATUS.JS_RUNNING
    ava = await Peer("ava").join(server, assignment.token)
    seen = await alice.sees_active("ava")
    assert (seen.name, dict(seen.attributes)) == ("Ava", {"a": "1"})
    assert seen.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
    await asyncio.wait_for(ava.me.set_attributes({"b": "2"}), WAIT_SECONDS)
    await alice.event("participant_attributes_changed")
    await ava.leave()
    await one.send(update_job=agent.UpdateJobStatus(job_id=job.id, status=STATUS.JS_SUCCESS))
    state = await until_status(dispatches, room, made.id, STATUS.JS_SUCCESS)
    assert state.worker_id == one.id and state.participant_identity == "ava" and state.ended_at >= state.started_at > 0


async def test_token_allowsNoMoreThanTheWorkerAskedFor(server, dispatches, room):
    one = await (await Worker.connect(server)).register(
        room, models.ParticipantPermission(can_subscribe=True, hidden=True))
    await dispatches.create_dispatch(wanted(room))
    job = await one.answer(True)
    claims = api.TokenVerifier(KEY, SECRET).verify((await one.receive("assignment")).token)
    assert claims.identity == f"agent-{job.id}" and claims.kind == "agent"
    grants = claims.video
    assert (grants.room, grants.room_join, grants.agent, grants.can_subscribe, grants.hidden) == (room, *[True] * 4)
    assert (grants.can_publish, grants.can_publish_data, grants.can_update_own_metadata) == (False,) * 3
    await one.close()


async def test_workerThatRefuses_isPassedOver(server, dispatches, worker, room):
    first, second = await worker(), await worker()
    made = await dispatches.create_dispatch(wanted(room))
    offers = {asyncio.ensure_future(one.receive("availability")): one for one in (first, second)}
    done, waiting = await asyncio.wait(offers, return_when=asyncio.FIRST_COMPLETED, timeout=WAIT_SECONDS)
    [asked], [next_one] = done, waiting
    refuse = agent.AvailabilityResponse(job_id=asked.result().job.id, available=False)
    await offers[asked].send(availability=refuse)
    job = (await next_one).job
    await offers[next_one].send(availability=agent.AvailabilityResponse(job_id=job.id, available=True))
    assert (await offers[next_one].receive("assignment")).job.id == job.id
    state = await until_status(dispatches, room, made.id, STATUS.JS_RUNNING)
    assert state.worker_id == offers[next_one].id


async def test_workerThatIsGoneOrFull_getsNoJob(server, dispatches, worker, room):
    gone, full = await worker(), await worker()
    await gone.close()
    await full.send(update_worker=agent.UpdateWorkerStatus(status=agent.WorkerStatus.WS_FULL, load=0.9))
    await full.caught_up()
    made = await dispatches.create_dispatch(wanted(room))
    state = await until_status(dispatches, room, made.id, STATUS.JS_FAILED)
    assert state.error == "no worker took the job"
    await full.send(update_worker=agent.UpdateWorkerStatus(status=agent.WorkerStatus.WS_AVAILABLE, load=0.1))
    await full.caught_up()
    await dispatches.create_dispatch(wanted(room))
    await full.answer(True)
    await full.receive("assignment")


async def test_workerThatLeavesWithoutAnAnswer_failsTheJobAtOnce(server, dispatches, worker, room):
    one = await worker()
    made = await dispatches.create_dispatch(wanted(room))
    await one.receive("availability")
    await one.close()
    await until_status(dispatches, room, made.id, STATUS.JS_FAILED)


async def test_deletedDispatch_endsItsJob(server, dispatches, worker, room):
    one = await worker()
    made = await dispatches.create_dispatch(wanted(room))
    job = await one.answer(True)
    await one.receive("assignment")
    deleted = await dispatches.delete_dispatch(made.id, room)
    assert deleted.id == made.id and deleted.state.deleted_at > 0
    assert (await one.receive("termination")).job_id == job.id
    assert not await dispatches.list_dispatch(room)
    with pytest.raises(api.TwirpError) as refused:
        await dispatches.delete_dispatch(made.id, room)
    assert refused.value.code == "not_found"


async def test_dispatch_needsANameAndTheRoomsAdministrator(server, dispatches, room):
    with pytest.raises(api.TwirpError) as refused:
        await dispatches.create_dispatch(api.CreateAgentDispatchRequest(room=room))
    assert refused.value.code == "invalid_argument"
    jwt = token("admin", "another", room_join=False, room_admin=True)
    url = f"{server.http_url}/twirp/livekit.AgentDispatchService/CreateDispatch"
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {jwt}"}
        async with session.post(url, json={"agent_name": "a", "room": room}, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "permission_denied")


async def test_worker_needsItsGrantAndRegistersFirst(server):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await Worker.connect(server, token("alice", "some-room"))
    assert refused.value.status == 401
    for message in (b"\xff", agent.WorkerMessage(ping=agent.WorkerPing()).SerializeToString()):
        one = await Worker.connect(server)
        await one.socket.send_bytes(message)
        assert (await one.socket.receive(timeout=WAIT_SECONDS)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        await one.close()


async def test_unreadableMessage_isPassedOver(server, worker):
    one = await worker()
    await one.socket.send_bytes(b"\xff")
    await one.socket.send_str("text")
    await one.caught_up()


async def test_stoppedServer_sendsItsWorkersAway(own_server):
    one = await (await Worker.connect(own_server)).register("any")
    farewell = asyncio.ensure_future(one.socket.receive(timeout=WAIT_SECONDS))
    assert await own_server.stop() == 0
    closed = await farewell
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
    await one.close()
