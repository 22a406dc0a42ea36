"""LiveKit's server API for dispatches: which agents a room is to have."""

from __future__ import annotations

import time

from livekit.protocol import agent, agent_dispatch as api

from . import sids
from .agent_workers import AgentWorkers
from .rooms import Rooms
from .tokens import Grants
from .twirp import TwirpError, TwirpService, check_metadata, find_room, open_room, require_admin

MAX_DISPATCHES = 100


class DispatchAPI(TwirpService):
    """The methods of `livekit.AgentDispatchService`. A dispatch lives as long as its room."""

    def __init__(self, rooms: Rooms, workers: AgentWorkers) -> None:
        self._rooms, self._workers = rooms, workers
        super().__init__("AgentDispatchService", rooms.settings, {
            "CreateDispatch": (api.CreateAgentDispatchRequest, self._create),
            "ListDispatch": (api.ListAgentDispatchRequest, self._list),
            "DeleteDispatch": (api.DeleteAgentDispatchRequest, self._delete),
        })

    def _create(self, grants: Grants, wanted: api.CreateAgentDispatchRequest) -> api.AgentDispatch:
        """Makes the room if there is none, and answers before a worker has taken the job."""
        require_admin(grants, wanted.room)
        if not wanted.agent_name:
            raise TwirpError("invalid_argument", "no agent_name: this development server dispatches by name only")
        check_metadata(wanted.metadata)
        room = open_room(self._rooms, wanted.room)
        if len(room.dispatches) >= MAX_DISPATCHES:
            raise TwirpError("resource_exhausted", "too many dispatches in the room")
        dispatch = api.AgentDispatch(
            id=sids.dispatch_id(), agent_name=wanted.agent_name, room=wanted.room, metadata=wanted.metadata,
            attributes=wanted.attributes, restart_policy=wanted.restart_policy, deployment=wanted.deployment)
        dispatch.state.created_at = time.time_ns()
        # What add() gives is the message inside of the dispatch, so the dispatch shows how the job goes.
        job = dispatch.state.jobs.add(
            id=sids.job_id(), dispatch_id=dispatch.id, type=agent.JobType.JT_ROOM, room=room.info(),
            metadata=wanted.metadata, attributes=wanted.attributes, agent_name=wanted.agent_name)
        room.dispatches[dispatch.id] = dispatch
        self._rooms.spawn(self._workers.launch(job))
        return dispatch

    def _list(self, grants: Grants, wanted: api.ListAgentDispatchRequest) -> api.ListAgentDispatchResponse:
        require_admin(grants, wanted.room)
        room = find_room(self._rooms, wanted.room)
        chosen = [one for one in room.dispatches.values() if wanted.dispatch_id in ("", one.id)]
        return api.ListAgentDispatchResponse(agent_dispatches=chosen)

    def _delete(self, grants: Grants, wanted: api.DeleteAgentDispatchRequest) -> api.AgentDispatch:
        require_admin(grants, wanted.room)
        dispatch = find_room(self._rooms, wanted.room).dispatches.pop(wanted.dispatch_id, None)
        if dispatch is None:
            raise TwirpError("not_found", "dispatch does not exist")
        dispatch.state.deleted_at = time.time_ns()
        for job in dispatch.state.jobs:
            self._rooms.spawn(self._workers.terminate(job))
        return dispatch
