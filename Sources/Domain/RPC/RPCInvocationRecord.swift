/// A line of the invocation log: a call to one of the agent's methods, or one
/// that the agent made to a participant's.
public struct RPCInvocationRecord: Sendable, Equatable {
    /// `inv_…`
    public var id: InvocationID
    /// Whose agent.
    public var sessionID: SessionID
    /// Who called whom.
    public var direction: Direction
    /// The method that was called.
    public var method: String
    /// The identity of the caller (`in`) or of who was called (`out`).
    public var participant: String
    /// What answered, as `handler.type` says it; nil for calls out and where there
    /// is no such method.
    public var handlerType: String?
    /// When the call came or was made.
    public var startedAt: Timestamp
    /// From there to its outcome.
    public var duration: Duration
    /// How it went.
    public var outcome: Outcome
    /// In LiveKit's codes; nil with `answered`.
    public var error: RPCError?
    /// What was sent; nil unless the method keeps payloads.
    public var payload: String?
    /// What was answered; nil unless the method keeps payloads.
    public var response: String?

    public init(
        id: InvocationID, sessionID: SessionID, direction: Direction, method: String, participant: String,
        handlerType: String? = nil, startedAt: Timestamp, duration: Duration, outcome: Outcome, error: RPCError? = nil,
        payload: String? = nil, response: String? = nil
    ) {
        self.id = id
        self.sessionID = sessionID
        self.direction = direction
        self.method = method
        self.participant = participant
        self.handlerType = handlerType
        self.startedAt = startedAt
        self.duration = duration
        self.outcome = outcome
        self.error = error
        self.payload = payload
        self.response = response
    }

    /// Who called whom.
    public enum Direction: String, Sendable, Codable, CaseIterable {
        /// A participant the agent.
        case `in`
        /// The agent a participant.
        case out
    }

    /// How a call went.
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        case answered
        /// Nobody answered in time.
        case timeout
        /// No such method, or the caller is not among those who may call it.
        case refused
        /// The other side was not in the room, or left.
        case disconnected
        /// An error of the handler's, or on the way.
        case failed

        /// What an RPC error means for the log.
        public init(error: RPCError?) {
            self =
                switch error.map({ RPCError.Code(rawValue: $0.code) }) {
                case nil: .answered
                case .unsupportedMethod: .refused
                case .connectionTimeout, .responseTimeout: .timeout
                case .recipientNotFound, .recipientDisconnected: .disconnected
                default: .failed
                }
        }
    }
}

/// Which lines of the invocation log to list.
public struct InvocationQuery: Sendable, Equatable {
    /// Of this method; nil: of any.
    public var method: String?
    /// With this participant; nil: with any.
    public var participant: String?
    /// This way; nil: both.
    public var direction: RPCInvocationRecord.Direction?
    /// With one of these outcomes; empty: with any.
    public var outcomes: [RPCInvocationRecord.Outcome]
    /// Only lines older than this one; nil: from the newest on.
    public var before: InvocationID?
    /// 1…1000.
    public var limit: Int

    public init(
        method: String? = nil, participant: String? = nil, direction: RPCInvocationRecord.Direction? = nil,
        outcomes: [RPCInvocationRecord.Outcome] = [], before: InvocationID? = nil, limit: Int = 100
    ) {
        self.method = method
        self.participant = participant
        self.direction = direction
        self.outcomes = outcomes
        self.before = before
        self.limit = limit
    }
}

/// One page of the invocation log.
public struct InvocationPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var invocations: [RPCInvocationRecord]
    /// The last line here, for `before` of the following query; nil when none follow.
    public var next: InvocationID?

    public init(invocations: [RPCInvocationRecord], next: InvocationID?) {
        self.invocations = invocations
        self.next = next
    }
}
