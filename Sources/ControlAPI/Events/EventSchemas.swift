import Domain

/// What happens, as the contract shows it: each event's `data` is written by
/// what answers the GET of the same thing.
public struct EventSchemas: EventEncoding {
    private let clock: any TurngateClock

    /// - Parameter clock: tells when something happened that does not say so
    ///   itself (a patch, a lost room), so news is to be encoded as it comes.
    public init(clock: any TurngateClock) { self.clock = clock }

    public func events(of news: SessionNews) -> [EventDraft] {
        let draft: EventDraft? =
            switch news {
            case .created(let session):
                EventDraft(type: .sessionCreated, at: session.createdAt, data: session.eventData)
            case .updated(let session): EventDraft(type: .sessionUpdated, at: clock.now, data: session.eventData)
            case .entry(let entry): event(of: entry)
            }
        return draft.map { [$0] } ?? []
    }

    private func event(of entry: JournalEntry) -> EventDraft? {
        switch entry {
        case .transition(let step): EventDraft(type: .agentStateChanged, at: step.at, data: step.eventData)
        case .session(let progress): event(of: progress)
        case .notification(let receipt): event(of: receipt)
        case .turn(let turn): event(of: turn)
        case .incident(let incident): EventDraft(type: .incidentFound, at: incident.at, data: incident.eventData)
        case .invocation(let line):
            EventDraft(type: .rpcInvoked, at: line.startedAt + line.duration, data: line.eventData)
        case .occurrence(let occurrence):
            EventDraft(type: occurrence.eventType, at: occurrence.at, data: occurrence.eventData)
        // Counts are for the list of methods; each call has its own event.
        case .methodUsage: nil
        }
    }

    private func event(of progress: SessionProgress) -> EventDraft? {
        let type: EventType? =
            switch progress.status {
            case .active: .sessionActive
            case .reconnecting: .sessionReconnecting
            case .ended: .sessionEnded
            case .failed: .sessionFailed
            // On the way from one to another.
            case .connecting, .ending: nil
            }
        return type.map { EventDraft(type: $0, at: progress.endedAt ?? clock.now, data: progress.eventData) }
    }

    private func event(of turn: Turn) -> EventDraft? {
        switch turn.status {
        case .active: EventDraft(type: .turnStarted, at: turn.startedAt, data: turn.json)
        // Its last words are still on their way: the outcome is not known.
        case .ending: nil
        case .ended:
            EventDraft(
                type: turn.outcome == .cancelled ? .turnCancelled : .turnEnded, at: turn.endedAt ?? clock.now,
                data: turn.json)
        }
    }

    private func event(of receipt: NotificationReceipt) -> EventDraft? {
        receipt.completedAt.map { EventDraft(type: .turnNotificationCompleted, at: $0, data: receipt.eventData) }
    }
}
