import Domain
import Postgres
import Synchronization

/// The journal's way into PostgreSQL.
final class PostgresJournalSink: JournalSink {
    private let pool: PostgresPool
    private let latest = Mutex(LatestSteps())

    init(pool: PostgresPool) { self.pool = pool }

    func write(_ units: [JournalUnit]) async throws(JournalFailure) -> [HistoryPlace: Timestamp] {
        let batch = JournalBatch(units, known: latest.withLock { $0.about(units) })
        do {
            let results = try await pool.transaction(batch.commands)
            latest.withLock { $0.take(units) }
            var starts = batch.knownStarts
            guard let place = batch.placeOfPredecessors, place < results.count else { return starts }
            for row in results[place] {
                let place = HistoryPlace(session: try row.id("session_id"), seq: try row.get("seq"))
                starts[place] = try row.timestamp("at")
            }
            return starts
        } catch {
            throw error.journalFailure
        }
    }
}

extension PostgresError {
    /// What the journal makes of it. The description has no SQL and no values.
    fileprivate var journalFailure: JournalFailure {
        if constraintName == "journal_session_is_known" { return .sessionUnknown("\(self)") }
        if isOutboxRefusal { return .outboxRefused("\(self)") }
        if isRefusal { return .refused("\(self)") }
        return kind == .outcomeUnknown || isServerTimeout ? .overdue("\(self)") : .away("\(self)")
    }

    /// The outbox that goes with the events could not be filled: the fault is in no
    /// entry, but in a webhook that changes at this moment.
    private var isOutboxRefusal: Bool {
        kind == .server && sqlState?.hasPrefix("23") == true && tableName?.hasPrefix("webhook") == true
    }

    /// The fault is in what was to be written: data that cannot be, a
    /// constraint, a limit, a guard. Anything else may pass, even a table that
    /// is missing: nothing is given up for it.
    private var isRefusal: Bool {
        if kind == .encoding { return true }
        guard kind == .server, let sqlState else { return false }
        return sqlState.hasPrefix("22") || sqlState.hasPrefix("23") || sqlState.hasPrefix("54") || sqlState == "21000"
    }
}
