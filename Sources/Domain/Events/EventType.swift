/// What can happen in a session, as `/events` and webhooks name it.
public enum EventType: String, Sendable, Codable, CaseIterable {
    /// It was asked for; its agent is on the way.
    case sessionCreated = "session.created"
    /// Its agent is in the room: for the first time, or again.
    case sessionActive = "session.active"
    /// The room is away.
    case sessionReconnecting = "session.reconnecting"
    /// Its policy, labels or metadata were patched.
    case sessionUpdated = "session.updated"
    /// It came to its end as it should.
    case sessionEnded = "session.ended"
    /// It came to an end that nobody wanted.
    case sessionFailed = "session.failed"
    /// A row of the history.
    case agentStateChanged = "agent_state.changed"
    case participantJoined = "participant.joined"
    case participantLeft = "participant.left"
    /// A participant is heard from now on, or no longer.
    case gateChanged = "gate.changed"
    case turnStarted = "turn.started"
    /// A turn has its outcome, and that is not `cancelled`.
    case turnEnded = "turn.ended"
    case turnCancelled = "turn.cancelled"
    /// A receipt is complete.
    case turnNotificationCompleted = "turn_notification.completed"
    /// A line of the invocation log.
    case rpcInvoked = "rpc.invoked"
    case speechStarted = "speech.started"
    case speechEnded = "speech.ended"
    /// The session's watchdog found something.
    case incidentFound = "incident.found"
}
