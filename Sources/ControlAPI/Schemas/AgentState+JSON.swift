import Domain

extension AgentStateChange {
    /// A row of the history, with what became of the call that made it.
    var json: [UInt8] {
        JSONWriter.object { writer in
            writer.member("session_id", transition.sessionID.description)
            writer.member("room", room)
            writer.member("seq", transition.seq)
            writer.member("old_state", transition.oldState?.rawValue)
            writer.member("new_state", transition.newState.rawValue)
            writer.member("at", transition.at.description)
            writer.member("dwell_ms", raw: "null")
            writer.member("cause", transition.cause.rawValue)
            writer.member("actor", transition.actor)
            writer.member("turn_id", transition.turnID?.description)
            writer.member("reason", transition.reason)
            writer.member("changed", changed)
            writer.member("durable", durable)
        }
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
