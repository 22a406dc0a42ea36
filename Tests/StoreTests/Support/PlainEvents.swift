import Domain

/// Tells of most that happens, in few words.
struct PlainEvents: EventEncoding {
    func events(of news: SessionNews) -> [EventDraft] {
        switch news {
        case .created(let session): [draft(.sessionCreated, session.createdAt, session.spec.metadata)]
        case .updated(let session): [draft(.sessionUpdated, session.createdAt, session.spec.metadata)]
        case .entry(let entry): events(of: entry)
        }
    }

    private func events(of entry: JournalEntry) -> [EventDraft] {
        switch entry {
        case .transition(let step): [draft(.agentStateChanged, step.at, #"{"seq":\#(step.seq)}"#)]
        case .session(let progress):
            progress.status.isFinal
                ? [draft(.sessionEnded, progress.endedAt ?? StoreFixture.start, #"{"status":"\#(progress.status)"}"#)]
                : []
        case .notification(let receipt):
            [draft(.turnNotificationCompleted, receipt.createdAt, #"{"method":"\#(receipt.method)"}"#)]
        case .turn(let turn):
            switch turn.status {
            case .active: [draft(.turnStarted, turn.startedAt, #"{"epoch":\#(turn.epoch)}"#)]
            case .ending: []
            case .ended: [draft(.turnEnded, turn.startedAt, #"{"epoch":\#(turn.epoch)}"#)]
            }
        case .incident(let incident): [draft(.incidentFound, incident.at, #"{"seq":\#(incident.seq)}"#)]
        case .methodUsage: []
        case .invocation(let record): [draft(.rpcInvoked, record.startedAt, #"{"method":"\#(record.method)"}"#)]
        case .occurrence(let occurrence): [draft(.gateChanged, occurrence.at, "{}")]
        }
    }

    private func draft(_ type: EventType, _ at: Timestamp, _ data: String) -> EventDraft {
        EventDraft(type: type, at: at, data: Array(data.utf8))
    }
}
