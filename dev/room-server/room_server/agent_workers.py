"""Agent workers: processes that wait at `/agent` for jobs, each job an agent for a room."""

from __future__ import annotations

import asyncio
import logging
import random
import time

from aiohttp import WSCloseCode, WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol import agent, models

from . import COMPATIBLE_VERSION, sids
from .rooms import Rooms
from .settings import MAX_SIGNAL_FRAME_BYTES
from .tokens import TokenError, sign, verify

log = logging.getLogger(__name__)

MAX_WORKERS = 100
#: As long as LiveKit waits for the first message and for an answer to an offer.
REGISTER_TIMEOUT_SECONDS = 10
ANSWER_TIMEOUT_SECONDS = 10
CLOSE_TIMEOUT_SECONDS = 2
#: What a worker's load leaves as its chance of the next job; the least of it, so that all have one.
LEAST_WEIGHT = 0.01
_FULL = agent.WorkerStatus.WS_FULL
_ENDED = (agent.JobStatus.JS_SUCCESS, agent.JobStatus.JS_FAILED)


class Worker:
    """One connected worker, what it said of itself, and the jobs that it was given."""

    def __init__(self, socket: web.WebSocketResponse, wanted: agent.RegisterWorkerRequest) -> None:
        self.id = sids.worker_id()
        self.agent_name, self.kind = wanted.agent_name, wanted.type
        self.permission = wanted.allowed_permissions
        self.is_full, self.load = False, 0.0
        self.jobs: dict[str, agent.Job] = {}
        self.answers: dict[str, asyncio.Future[agent.AvailabilityResponse]] = {}
        self._socket = socket

    @property
    def weight(self) -> float:
        return max(LEAST_WEIGHT, 1 - self.load)

    async def send(self, message: agent.ServerMessage) -> None:
        """Raises ConnectionError when the worker is gone."""
        await self._socket.send_bytes(message.SerializeToString())

    async def ask(self, job: agent.Job) -> agent.AvailabilityResponse | None:
        """Offers a job. None if the worker is gone or does not answer."""
        answer = self.answers[job.id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(agent.ServerMessage(availability=agent.AvailabilityRequest(job=job)))
            return await asyncio.wait_for(answer, ANSWER_TIMEOUT_SECONDS)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            return None
        finally:
            self.answers.pop(job.id, None)

    async def close(self) -> None:
        await self._socket.close(code=WSCloseCode.GOING_AWAY)

    def gone(self) -> None:
        """Nothing that waits for the worker waits any longer; its jobs may go on without it."""
        for answer in self.answers.values():
            answer.cancel()


class AgentWorkers:
    """All workers, and who gets a job."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._workers: dict[str, Worker] = {}

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/agent", self.connect)]

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """A worker's WebSocket, from its registration until it closes."""
        settings = self._rooms.settings
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
            if not verify(token, settings.api_key, settings.api_secret).allows("agent"):
                raise TokenError("invalid token: it is not an agent worker's (video.agent)")
        except TokenError as error:
            return web.Response(status=401, text=str(error))
        if len(self._workers) >= MAX_WORKERS:
            return web.Response(status=503, text="too many workers")
        socket = web.WebSocketResponse(max_msg_size=MAX_SIGNAL_FRAME_BYTES, timeout=CLOSE_TIMEOUT_SECONDS)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="this is a WebSocket endpoint")
        await socket.prepare(request)
        worker = await self._register(socket)
        if worker is not None:
            try:
                await self._serve(worker, socket)
            finally:
                self._workers.pop(worker.id, None)
                worker.gone()
        await socket.close()
        return socket

    async def close(self) -> None:
        """Sends every worker away; it looks for a server again by itself."""
        await asyncio.gather(*(worker.close() for worker in list(self._workers.values())))

    async def _register(self, socket: web.WebSocketResponse) -> Worker | None:
        try:
            message = _parse(await socket.receive_bytes(timeout=REGISTER_TIMEOUT_SECONDS))
        except (TypeError, TimeoutError):
            message = None
        if message is None or message.WhichOneof("message") != "register":
            log.info("a worker did not register first, it is sent away")
            return None
        worker = Worker(socket, message.register)
        info = models.ServerInfo(version=COMPATIBLE_VERSION, region="development", agent_protocol=1)
        response = agent.RegisterWorkerResponse(worker_id=worker.id, server_info=info)
        await worker.send(agent.ServerMessage(register=response))
        self._workers[worker.id] = worker
        return worker

    async def _serve(self, worker: Worker, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            message = _parse(frame.data) if frame.type == WSMsgType.BINARY else None
            if message is None:
                log.info("a worker sent a message that cannot be read")
            elif message.HasField("ping"):
                pong = agent.WorkerPong(last_timestamp=message.ping.timestamp, timestamp=int(time.time() * 1000))
                await worker.send(agent.ServerMessage(pong=pong))
            else:
                _take(worker, message)

    # Jobs

    async def launch(self, job: agent.Job) -> None:
        """Offers a job to the workers of its agent, one after the other, until one takes it.

        The job's state says how it went; where nobody takes it, it has failed.
        """
        asked: set[str] = set()
        while (worker := self._choose(job.agent_name, asked)) is not None:
            asked.add(worker.id)
            answer = await worker.ask(job)
            if self._rooms.by_name.get(job.room.name) is None or job.state.status != agent.JobStatus.JS_PENDING:
                return
            if answer is not None and answer.available and await self._assign(worker, job, answer):
                return
            if answer is not None and answer.terminate:
                break
        _end(job, agent.JobStatus.JS_FAILED, "no worker took the job")

    async def terminate(self, job: agent.Job) -> None:
        """Has the job's worker end it."""
        worker = self._workers.get(job.state.worker_id)
        if job.state.status not in _ENDED:
            _end(job, agent.JobStatus.JS_FAILED, "the dispatch was deleted")
        if worker is not None:
            try:
                await worker.send(agent.ServerMessage(termination=agent.JobTermination(job_id=job.id)))
            except ConnectionError:
                log.info("a worker was gone before it could be told to end a job")

    def _choose(self, agent_name: str, asked: set[str]) -> Worker | None:
        free = [worker for worker in self._workers.values() if worker.agent_name == agent_name
                and worker.kind == agent.JobType.JT_ROOM and worker.id not in asked and not worker.is_full]
        return random.choices(free, [worker.weight for worker in free])[0] if free else None

    async def _assign(self, worker: Worker, job: agent.Job, answer: agent.AvailabilityResponse) -> bool:
        job.state.worker_id = worker.id
        job.state.participant_identity = answer.participant_identity or f"agent-{job.id}"
        job.state.started_at = job.state.updated_at = time.time_ns()
        job.state.status = agent.JobStatus.JS_RUNNING
        worker.jobs[job.id] = job
        try:
            assignment = agent.JobAssignment(job=job, token=self._token(worker, job, answer))
            await worker.send(agent.ServerMessage(assignment=assignment))
        except ConnectionError:
            worker.jobs.pop(job.id, None)
            job.state.status = agent.JobStatus.JS_PENDING
            return False
        return True

    def _token(self, worker: Worker, job: agent.Job, answer: agent.AvailabilityResponse) -> str:
        permission, settings = worker.permission, self._rooms.settings
        return sign(settings.api_key, settings.api_secret, {
            "sub": job.state.participant_identity, "name": answer.participant_name, "kind": "agent",
            "metadata": answer.participant_metadata, "attributes": dict(answer.participant_attributes),
            "video": {
                "room": job.room.name, "roomJoin": True, "agent": True, "hidden": permission.hidden,
                "canPublish": permission.can_publish, "canSubscribe": permission.can_subscribe,
                "canPublishData": permission.can_publish_data,
                "canUpdateOwnMetadata": permission.can_update_metadata,
                "canPublishSources": [models.TrackSource.Name(s).lower() for s in permission.can_publish_sources],
            },
        })


def _take(worker: Worker, message: agent.WorkerMessage) -> None:
    """What a worker tells; kinds that a development server has no use for are passed over."""
    kind = message.WhichOneof("message")
    if kind == "availability":
        answer = worker.answers.get(message.availability.job_id)
        if answer is not None and not answer.done():
            answer.set_result(message.availability)
    elif kind == "update_worker":
        worker.is_full = message.update_worker.status == _FULL or message.update_worker.draining
        worker.load = min(1.0, max(0.0, message.update_worker.load))
    elif kind == "update_job" and message.update_job.job_id in worker.jobs:
        job, update = worker.jobs[message.update_job.job_id], message.update_job
        if update.status in _ENDED:
            del worker.jobs[job.id]
            _end(job, update.status, update.error)


def _end(job: agent.Job, status: int, error: str) -> None:
    job.state.status, job.state.error = status, error
    job.state.ended_at = job.state.updated_at = time.time_ns()


def _parse(data: bytes) -> agent.WorkerMessage | None:
    try:
        return agent.WorkerMessage.FromString(data)
    except DecodeError:
        return None
