/// The agent's state and its numbering. `initializing` comes first and never
/// again; between the other four every step is legal, since a backend's agent
/// may think while it listens and fall silent at any moment.
public struct AgentStateMachine: Sendable, Equatable {
    /// The row that the present state stands in.
    public private(set) var current: AgentStateTransition

    /// Begins in `initializing` with row 1.
    public init(sessionID: SessionID, at time: Timestamp) {
        current = AgentStateTransition(
            sessionID: sessionID, seq: 1, oldState: nil, newState: .initializing, at: time, cause: .connection)
    }

    /// What the agent is doing: the `newState` of the present row.
    public var state: AgentState { current.newState }

    /// What an attempted step came to.
    public enum Step: Sendable, Equatable {
        case moved(AgentStateTransition)
        /// It is that state already; no row is made.
        case unchanged
        /// There is no way back into `initializing`.
        case illegal
    }

    /// Steps into `next`. A wall clock that ran backwards does not make the
    /// history run backwards.
    public mutating func step(
        to next: AgentState, cause: TransitionCause, actor: String? = nil, reason: String? = nil, turnID: TurnID? = nil,
        at time: Timestamp
    ) -> Step {
        if next == state { return .unchanged }
        if next == .initializing { return .illegal }
        current = AgentStateTransition(
            sessionID: current.sessionID, seq: current.seq + 1, oldState: state, newState: next,
            at: max(time, current.at), cause: cause, actor: actor, reason: reason, turnID: turnID)
        return .moved(current)
    }
}

extension AgentStateTransition {
    /// Whether the policy wants the participants told of this step: it leads
    /// into one of `notifyOn`, coming from `speaking` or `thinking` or by an
    /// explicit call. Not during a turn: the floor is somebody's then.
    public func callsForNotification(by policy: TurnPolicy) -> Bool {
        guard turnID == nil, policy.notifyOn.contains(newState) else { return false }
        return oldState == .speaking || oldState == .thinking || cause == .api || cause == .rpc
    }
}
