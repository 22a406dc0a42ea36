import Domain

extension AgentStateChange {
    /// A row of the history, with what became of the call that made it.
    var json: [UInt8] {
        JSONWriter.object { writer in
            transition.writeMembers(to: &writer, room: room)
            writer.member("changed", changed)
            writer.member("durable", durable)
        }
    }
}

extension AgentStateTransition {
    /// A row of the history; its state lasts. Without a `room` it has none.
    func writeMembers(to writer: inout JSONWriter, room: String?) {
        writer.member("session_id", sessionID.description)
        if let room { writer.member("room", room) }
        writer.member("seq", seq)
        writer.member("old_state", oldState?.rawValue)
        writer.member("new_state", newState.rawValue)
        writer.member("at", at.description)
        writer.member("dwell_ms", raw: "null")
        writer.member("cause", cause.rawValue)
        writer.member("actor", actor)
        writer.member("turn_id", turnID?.description)
        writer.member("reason", reason)
    }
}

extension HistorySummary {
    var json: [UInt8] {
        JSONWriter.object(capacity: 1024) { writer in
            writer.member("session_id", session.description)
            writer.key("states")
            writer.array { writer in for state in states { state.write(to: &writer) } }
            writer.member("turns", turns)
        }
    }
}

extension StateDwell {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("state", state.rawValue)
            writer.member("count", count)
            writer.member("total_ms", totalMs)
            writer.member("mean_ms", meanMs)
            writer.member("p50_ms", p50Ms)
            writer.member("p95_ms", p95Ms)
            writer.member("max_ms", maxMs)
            writer.member("share", share)
        }
    }
}
