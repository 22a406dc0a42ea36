import Domain
import Postgres

/// `StateHistory` in PostgreSQL, which also writes the JSON and the CSV.
public struct PostgresStateHistory: StateHistory {
    private let database: Database
    private let chunkRows: Int

    /// Reads through `pool`; exports go in pieces of `chunkRows` rows.
    public init(pool: PostgresPool, chunkRows: Int = 2000) {
        database = Database(pool: pool)
        self.chunkRows = max(1, chunkRows)
    }

    /// One statement; the rows of the page and the place of its last one.
    public func page(_ query: HistoryQuery) async throws(TurngateError) -> HistoryPage {
        let statement = try HistoryStatement(query, as: .page, limit: query.limit, after: query.after)
        return try await read(statement)
    }

    /// Each piece is a query of its own that begins where the last one ended,
    /// so that no snapshot and no connection is held while `write` waits.
    public func export(
        _ query: HistoryQuery, as format: HistoryFormat, write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let form = HistoryForm(format)
        if !form.header.isEmpty { try await write([UInt8](form.header.utf8)) }
        var after: HistoryPosition?
        repeat {
            try Task.checkCancellation()
            let statement = try HistoryStatement(query, as: form, limit: chunkRows, after: after)
            let piece = try await read(statement)
            if !piece.rows.isEmpty { try await write(piece.rows) }
            after = piece.next
        } while after != nil
    }

    /// Only states that the agent has been in, in the order of `AgentState`; nil
    /// where there is no such session. Shares are of the time since the first row.
    public func summary(_ id: SessionID, now: Timestamp) async throws(TurngateError) -> HistorySummary? {
        let rows = try await database.rows(HistorySummaryStatement.summary, [.id(id), .time(now)]) {
            (row) throws(PostgresError) in
            (dwell: try StateDwell(row: row), turns: try row.get("turns", as: Int64.self))
        }
        guard let turns = rows.first?.turns else { return nil }
        let dwells = AgentState.allCases.compactMap { state in rows.first { $0.dwell.state == state }?.dwell }
        return HistorySummary(session: id, states: dwells, turns: turns)
    }

    private func read(_ statement: HistoryStatement) async throws(TurngateError) -> HistoryPage {
        let pages = try await database.rows(statement.statement, statement.values, HistoryPage.init(row:))
        guard let page = pages.first else { throw .internalFailure("a page of the history has no row") }
        return page
    }
}

extension HistoryPage {
    /// The row of a `HistoryStatement`.
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        let more: Bool = try row.get("more")
        self.init(rows: try row.bytes("rows"), next: more ? try HistoryPosition(row: row) : nil)
    }
}

extension HistoryPosition {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(at: try row.timestamp("last_at"), session: try row.id("last_session"), seq: try row.get("last_seq"))
    }
}

extension StateDwell {
    /// A row of `HistorySummaryStatement`.
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            state: try row.word("state"), count: try row.get("count"), totalMs: try row.get("total_ms"),
            meanMs: try row.get("mean_ms"), p50Ms: try row.get("p50_ms"), p95Ms: try row.get("p95_ms"),
            maxMs: try row.get("max_ms"), share: try row.get("share"))
    }
}
