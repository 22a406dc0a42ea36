import Domain
import Foundation
import Postgres

/// Entries sorted by kind, as the columns of `JournalStatements`.
struct JournalBatch {
    private(set) var transitions: [AgentStateTransition] = []
    private(set) var incidents: [Incident] = []
    private(set) var invocations: [RPCInvocationRecord] = []
    /// In the order in which everything was appended.
    private let events: [EventRow]
    /// The last word about each turn.
    private(set) var turns: [TurnID: Turn] = [:]
    /// The last word about each session, receipt and method.
    private var progress: [SessionID: SessionProgress] = [:]
    private var receipts: [NotificationID: NotificationReceipt] = [:]
    private var usage: [SessionID: [String: RPCMethodUsage]] = [:]
    private var sessions: Set<SessionID> = []
    private let known: LatestSteps

    /// Asks PostgreSQL for no predecessor that is `known`.
    init(_ units: [JournalUnit], known: LatestSteps = LatestSteps()) {
        self.known = known
        events = units.flatMap(\.events)
        for entry in units.lazy.flatMap(\.entries) { add(entry) }
    }

    private mutating func add(_ entry: JournalEntry) {
        sessions.insert(entry.sessionID)
        switch entry {
        case .transition(let transition): transitions.append(transition)
        case .session(let progress): self.progress[progress.id] = progress
        case .notification(let receipt): receipts[receipt.id] = receipt
        // After its end there is nothing more to say of a turn.
        case .turn(let turn): if turns[turn.id]?.status != .ended { turns[turn.id] = turn }
        case .incident(let incident): incidents.append(incident)
        case .methodUsage(let id, let usage): self.usage[id, default: [:]].merge(usage) { $1 }
        case .invocation(let record): invocations.append(record)
        // Among the events alone.
        case .occurrence: break
        }
    }

    /// The transaction. What others refer to comes before them, and an end comes
    /// after what happened before it in the same batch. The events come last of
    /// all, as they keep others from telling theirs until the commit.
    var commands: [PostgresCommand] {
        [
            opening, turnRows, transitionRows, incidentRows, invocationRows, usageRows, notificationRows,
            recipientRows, progressRows, predecessors, eventRows,
        ].compactMap { $0 }
    }

    /// Where among the results of `commands` the predecessors are; nil where
    /// none are asked for.
    var placeOfPredecessors: Int? { strangers.isEmpty ? nil : commands.count - (events.isEmpty ? 1 : 2) }

    /// Transitions whose predecessors are neither in this batch nor known.
    private var strangers: [AgentStateTransition] {
        let places = Set(transitions.map { HistoryPlace(session: $0.sessionID, seq: $0.seq) })
        return transitions.filter {
            let before = HistoryPlace(session: $0.sessionID, seq: $0.seq - 1)
            return $0.seq > 1 && !places.contains(before) && known[before] == nil
        }
    }

    /// When the states began that transitions of this batch left, where that was
    /// known beforehand.
    var knownStarts: [HistoryPlace: Timestamp] {
        var starts: [HistoryPlace: Timestamp] = [:]
        for step in transitions {
            guard let at = known[HistoryPlace(session: step.sessionID, seq: step.seq - 1)] else { continue }
            starts[HistoryPlace(session: step.sessionID, seq: step.seq)] = at
        }
        return starts
    }

    private var opening: PostgresCommand {
        PostgresCommand(JournalStatements.open, [.uuidArray(sessions.map(\.uuid))])
    }

    private var predecessors: PostgresCommand? {
        let strangers = strangers
        guard !strangers.isEmpty else { return nil }
        return PostgresCommand(
            JournalStatements.predecessors,
            [.uuidArray(strangers.map(\.sessionID.uuid)), .int64Array(strangers.map(\.seq))])
    }

    private var eventRows: PostgresCommand? {
        events.isEmpty ? nil : PostgresCommand(EventStatements.add, EventRow.values(events))
    }

    private var transitionRows: PostgresCommand? {
        guard !transitions.isEmpty else { return nil }
        return PostgresCommand(
            JournalStatements.transitions,
            [
                .uuidArray(transitions.map(\.sessionID.uuid)), .int64Array(transitions.map(\.seq)),
                .times(transitions.map(\.at)), .textArray(transitions.map { $0.oldState?.rawValue }),
                .textArray(transitions.map(\.newState.rawValue)), .textArray(transitions.map(\.cause.rawValue)),
                .textArray(transitions.map { $0.actor?.storable(bytes: 1024) }),
                .textArray(transitions.map { $0.reason?.storable(bytes: 1024) }),
                .uuidArray(transitions.map { $0.turnID?.uuid }),
            ])
    }

    private var usageRows: PostgresCommand? {
        let lines = usage.flatMap { session, methods in methods.map { (session: session, name: $0, usage: $1) } }
        guard !lines.isEmpty else { return nil }
        return PostgresCommand(
            JournalStatements.usage,
            [
                .uuidArray(lines.map(\.session.uuid)), .textArray(lines.map(\.name)),
                .int64Array(lines.map(\.usage.calls)), .int64Array(lines.map(\.usage.errors)),
                .doubleArray(lines.map(\.usage.totalLatencyMs)), .doubleArray(lines.map(\.usage.maxLatencyMs)),
                .times(lines.map(\.usage.lastCall)),
            ])
    }

    private var notificationRows: PostgresCommand? {
        guard !receipts.isEmpty else { return nil }
        let receipts = Array(receipts.values)
        return PostgresCommand(
            JournalStatements.notifications,
            [
                .uuidArray(receipts.map(\.id.uuid)), .uuidArray(receipts.map(\.sessionID.uuid)),
                .textArray(receipts.map(\.method)), .textArray(receipts.map(\.trigger.rawValue)),
                .int64Array(receipts.map(\.agentStateSeq)), .times(receipts.map(\.createdAt)),
                .times(receipts.map(\.completedAt)),
            ])
    }

    private var recipientRows: PostgresCommand? {
        let lines = receipts.values.flatMap { receipt in
            receipt.recipients.enumerated().map { (receipt: receipt.id, position: Int64($0), line: $1) }
        }
        guard !lines.isEmpty else { return nil }
        return PostgresCommand(
            JournalStatements.recipients,
            [
                .uuidArray(lines.map(\.receipt.uuid)), .int64Array(lines.map(\.position)),
                .textArray(lines.map(\.line.identity)), .textArray(lines.map(\.line.outcome.rawValue)),
                .textArray(lines.map { $0.line.response?.storable(bytes: 1_048_576) }),
                .int64Array(lines.map { $0.line.error.map { Int64($0.code) } }),
                .textArray(lines.map { $0.line.error?.message.storable(bytes: 65_536) }),
                .textArray(lines.map { $0.line.error?.data?.storable(bytes: 1_048_576) }),
                .int64Array(lines.map { $0.line.latency.map { max(0, $0.microseconds) } }),
            ])
    }

    private var progressRows: PostgresCommand? {
        guard !progress.isEmpty else { return nil }
        let lines = Array(progress.values)
        // A session that is still ending knows why already; the reason is kept
        // with the end.
        let ends = lines.map { $0.status.isFinal ? $0.end : nil }
        return PostgresCommand(
            JournalStatements.progress,
            [
                .uuidArray(lines.map(\.id.uuid)), .textArray(lines.map(\.status.rawValue)),
                .textArray(lines.map(\.roomSid)), .textArray(lines.map(\.agentSid)),
                .times(lines.map(\.activatedAt)), .times(lines.map(\.endedAt)),
                .textArray(ends.map { $0?.reason.rawValue }),
                .textArray(ends.map { $0?.detail?.storable(bytes: 4096) }),
            ])
    }
}
