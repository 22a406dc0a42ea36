/// Everything that can stand in the way of what a caller asked. ControlAPI
/// alone knows which HTTP status each one is.
public enum TurngateError: Error, Sendable, Equatable {
    /// Fields that are wrong, all at once.
    case invalid([FieldError])
    case notFound(Resource)
    case conflict(Conflict)
    /// The agent could not get into the room; the session is kept, `failed`.
    case roomUnreachable(SessionID, detail: String)
    /// The room server refused the agent's token; the session is kept, `failed`.
    case roomTokenRefused(SessionID, detail: String)
    /// The room did not do what was asked of it.
    case roomFailed(String)
    /// PostgreSQL is needed and not there.
    case storeUnavailable(detail: String)
    /// A bound was reached; the text says which.
    case overloaded(String)
    /// The service is going down.
    case shuttingDown
    /// A mistake of ours; the text is for the log only.
    case internalFailure(String)

    /// What can be missing.
    public enum Resource: String, Sendable {
        case session, rpcMethod, turnNotification, turn, turnAudio, invocation, webhook, route
    }
}

/// What stands in the way when a caller's wish and the present state clash.
public enum Conflict: Sendable, Equatable {
    /// A live session has that identity in that room already.
    case identityTaken(room: String, identity: String, by: SessionID)
    case rpcMethodTaken(name: String)
    case rpcMethodBuiltin(name: String)
    /// The session has as many methods as it may have.
    case tooManyRPCMethods(limit: Int)
    /// The caller has as many live sessions as it may have.
    case tooManySessions(limit: Int)
    /// There are as many webhooks as there may be.
    case tooManyWebhooks(limit: Int)
    /// A call that waited for an answer has one, or its deadline has passed.
    case invocationOver(InvocationID)
    case illegalStateStep(from: AgentState, to: AgentState)
    /// The floor, a turn or the agent stands in the way.
    case turn(TurnRefusal)
    /// The session's status does not allow it.
    case sessionNotWorking(SessionID, status: SessionStatus)
}

/// A field of a request and what is wrong with it.
public struct FieldError: Error, Sendable, Equatable {
    /// The path in the request: `agent.identity`, `rpc_methods[0].name`, `limit`.
    public var field: String
    /// What is wrong with it, as a sentence for the caller.
    public var message: String

    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}
