/// The methods that every session has, for its participants to take turns
/// with. Payload and answer are JSON.
public enum BuiltinMethod: String, Sendable, CaseIterable {
    /// Takes the floor for the caller, or waits for it with `{"queue": true}`.
    case startTurn = "start_turn"
    /// Ends the caller's turn: `{"turn_id": …}` or `{"epoch": …}`.
    case endTurn = "end_turn"
    /// Takes the caller's turn back, or its place in the queue.
    case cancelTurn = "cancel_turn"
    /// Tells who has the floor, who waits, and what the agent does.
    case getTurnState = "get_turn_state"

    /// For people.
    public var description: String {
        switch self {
        case .startTurn: "Takes the floor; with {\"queue\": true} waits for it."
        case .endTurn: "Ends the caller's turn, named by turn_id or epoch."
        case .cancelTurn: "Takes the caller's turn back, named by turn_id or epoch, or its place in the queue."
        case .getTurnState: "Tells who has the floor, who waits, and what the agent does."
        }
    }
}

extension RPCMethodSpec {
    /// The built-in methods as they are registered.
    public static let builtins = BuiltinMethod.allCases.map {
        RPCMethodSpec(name: $0.rawValue, description: $0.description, handler: .builtin)
    }
}
