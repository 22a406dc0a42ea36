import Domain

/// The states of the agent, one after the other: each is a change.
@Driver final class StateSequence {
    private var state = AgentState.listening

    func next() -> AgentState {
        state = state == .thinking ? .listening : .thinking
        return state
    }
}
