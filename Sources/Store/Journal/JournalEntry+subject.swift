import Domain

extension JournalEntry {
    /// The session that the entry is about.
    var sessionID: SessionID {
        switch self {
        case .transition(let transition): transition.sessionID
        case .session(let progress): progress.id
        case .notification(let receipt): receipt.sessionID
        case .turn(let turn): turn.sessionID
        case .incident(let incident): incident.sessionID
        case .methodUsage(let id, _): id
        case .invocation(let record): record.sessionID
        case .occurrence(let occurrence): occurrence.sessionID
        }
    }

    /// The entry's kind, for the log.
    var kind: String {
        switch self {
        case .transition: "transition"
        case .session: "session"
        case .notification: "notification"
        case .turn: "turn"
        case .incident: "incident"
        case .methodUsage: "method_usage"
        case .invocation: "invocation"
        case .occurrence: "occurrence"
        }
    }
}
