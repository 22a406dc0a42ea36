import Domain

/// The entries of one `append`: written all, or none.
struct JournalUnit: Sendable {
    let entries: [JournalEntry]
    /// What is told of the entries, in their order.
    let events: [EventRow]
    let ticket: JournalTicketState
    /// What entries and events hold, by estimate.
    let bytes: Int

    init(entries: [JournalEntry], events: [EventRow], ticket: JournalTicketState) {
        self.entries = entries
        self.events = events
        self.ticket = ticket
        bytes = entries.reduce(0) { $0 + $1.estimatedBytes } + events.reduce(0) { $0 + $1.estimatedBytes }
    }

    /// Whether all that this says is that sessions are over.
    var isOnlyEnds: Bool { endedSessions.count == entries.count }

    /// The sessions that this unit ends.
    var endedSessions: [SessionID] {
        entries.compactMap {
            guard case .session(let progress) = $0, progress.status.isFinal else { return nil }
            return progress.id
        }
    }

    /// The sessions that this unit adds something to that only a live session
    /// can have more of.
    var movedSessions: [SessionID] {
        entries.compactMap {
            switch $0 {
            case .transition, .turn, .incident: $0.sessionID
            case .session, .notification, .methodUsage, .invocation, .occurrence: nil
            }
        }
    }
}

extension [JournalUnit] {
    var entries: [JournalEntry] { flatMap(\.entries) }
    var entryCount: Int { reduce(0) { $0 + $1.entries.count } }
    var bytes: Int { reduce(0) { $0 + $1.bytes } }
}
