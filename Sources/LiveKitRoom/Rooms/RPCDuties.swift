/// What the agent owes the core for RPC. A registered method and a call
/// without an answer each hold the whole room in the core's memory, so both
/// are given back when the room is left. They also keep calls apart: the core
/// numbers them per process, and each is answered where it came from or
/// nowhere.
struct RPCDuties {
    /// The methods that are registered.
    var methods: Set<String> = []
    /// The calls that wait for an answer, by the core's number.
    private(set) var unanswered: Set<UInt64> = []

    /// Notes a call, for `answers` to know it.
    mutating func called(_ invocation: UInt64) { unanswered.insert(invocation) }

    /// False if the call is none of this room's, or has its answer already.
    mutating func answers(_ invocation: UInt64) -> Bool { unanswered.remove(invocation) != nil }

    /// The calls that nobody will answer any more, each told once.
    mutating func takeUnanswered() -> Set<UInt64> {
        defer { unanswered = [] }
        return unanswered
    }
}
