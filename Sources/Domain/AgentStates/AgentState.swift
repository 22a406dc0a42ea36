/// What the agent is doing: LiveKit's own five words (`lk.agent.state`).
public enum AgentState: String, Sendable, Codable, CaseIterable {
    case initializing, idle, listening, thinking, speaking
}

/// What made the agent's state change.
public enum TransitionCause: String, Sendable, Codable, CaseIterable {
    case api, rpc, playout, policy, observed, connection
}

/// One step of the agent's state: a row of the history.
public struct AgentStateTransition: Sendable, Equatable {
    /// The session whose agent it is.
    public var sessionID: SessionID
    /// From 1, without holes.
    public var seq: Int64
    /// Nil in the first row of a session.
    public var oldState: AgentState?
    /// The state that it led into; never equal to `oldState`.
    public var newState: AgentState
    /// Never before the `at` of the row before.
    public var at: Timestamp
    /// What led to the step; `cause` in a row of the history.
    public var cause: TransitionCause
    /// An API key's name, a participant's identity, or nil.
    public var actor: String?
    /// The caller's word for why, at most 256 bytes.
    public var reason: String?
    /// The turn that the step belongs to; nil outside any turn.
    public var turnID: TurnID?

    public init(
        sessionID: SessionID, seq: Int64, oldState: AgentState?, newState: AgentState, at: Timestamp,
        cause: TransitionCause, actor: String? = nil, reason: String? = nil, turnID: TurnID? = nil
    ) {
        self.sessionID = sessionID
        self.seq = seq
        self.oldState = oldState
        self.newState = newState
        self.at = at
        self.cause = cause
        self.actor = actor
        self.reason = reason
        self.turnID = turnID
    }
}
