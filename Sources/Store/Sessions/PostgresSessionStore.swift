import Domain
import Foundation
import Postgres

/// `SessionStore` in PostgreSQL.
public struct PostgresSessionStore: SessionStore {
    let database: Database
    let metrics: StoreMetrics?
    let insertTimeout: Duration
    let events: any EventEncoding
    let onEvents: @Sendable () -> Void

    /// Reads and writes through `pool`; a session's first transition is
    /// counted in `metrics`, as the journal counts the others. `insert` waits
    /// `insertTimeout` at most, all attempts together. What is written is told
    /// as `events` has it, in the same transaction; `onEvents` is called when
    /// that is durable, and may not wait.
    public init(
        pool: PostgresPool, events: any EventEncoding, metrics: StoreMetrics? = nil,
        insertTimeout: Duration = .seconds(12), onEvents: @escaping @Sendable () -> Void = {}
    ) {
        database = Database(pool: pool)
        self.events = events
        self.onEvents = onEvents
        self.metrics = metrics
        self.insertTimeout = insertTimeout
    }

    /// With the agent state of its last transition; no participants.
    public func session(_ id: SessionID) async throws(TurngateError) -> Session? {
        try await database.rows(SessionStatements.one, [.id(id)], Session.init(row:)).first
    }

    /// As the database has written it down at the session's end.
    public func text(of id: SessionID) async throws(TurngateError) -> [UInt8]? {
        try await database.rows(SessionStatements.text, [.id(id)]) { (row) throws(PostgresError) in
            try row.bytes("json")
        }.first
    }

    /// One statement for the whole page.
    public func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage {
        let list = try SessionListStatement(query)
        let found = try await database.rows(list.statement, list.values, Session.init(row:))
        let page = Array(found.prefix(query.limit))
        return SessionPage(sessions: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// Throws `notFound(.session)`, and `conflict(.sessionNotWorking)` when the
    /// session is over: a final session never changes. Whoever waits to hear of
    /// changes is told in the same transaction.
    public func update(_ session: Session) async throws(TurngateError) {
        let (id, spec) = (session.id, session.spec)
        let values: [PostgresValue] = [
            .id(id), try .encoded(spec.turnPolicy), try .encoded(spec.labels), .json([UInt8](spec.metadata.utf8)),
        ]
        let news = EventRow.values(EventRow.rows(of: .updated(session), about: id, as: events))
        let rows = try await write(SessionStatements.update, values + news)
        guard let row = rows.first else { throw .notFound(.session) }
        if let status = try Self.obstacle(row) { throw .conflict(.sessionNotWorking(id, status: status)) }
        onEvents()
    }

    /// The final status that kept a session from being changed, if any.
    private static func obstacle(_ row: PostgresRow) throws(TurngateError) -> SessionStatus? {
        do {
            return try row.get("changed", as: Bool.self) ? nil : row.word("status")
        } catch {
            throw TurngateError(error)
        }
    }

    /// Runs `statement`; what a caller's text made impossible is the caller's error.
    func write(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(TurngateError) -> PostgresResult {
        do {
            return try await database.pool.query(statement, values)
        } catch {
            throw Self.refusal(error)
        }
    }

    /// The port's error for a write that failed.
    static func refusal(_ error: PostgresError) -> TurngateError {
        guard error.isUnstorableText else { return TurngateError(error) }
        return .invalid([FieldError(field: "", message: "the character U+0000 cannot be kept")])
    }
}
