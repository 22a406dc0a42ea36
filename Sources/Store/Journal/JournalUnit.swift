import Domain

/// The entries of one `append`: written all, or none.
struct JournalUnit: Sendable {
    let entries: [JournalEntry]
    let ticket: JournalTicketState

    /// The sessions that this unit ends.
    var endedSessions: [SessionID] {
        entries.compactMap {
            guard case .session(let progress) = $0, progress.status.isFinal else { return nil }
            return progress.id
        }
    }

    /// The sessions that this unit adds transitions to.
    var movedSessions: [SessionID] {
        entries.compactMap {
            guard case .transition(let transition) = $0 else { return nil }
            return transition.sessionID
        }
    }
}
