import Domain
import Foundation
import Postgres

/// `SessionStore` in PostgreSQL.
public struct PostgresSessionStore: SessionStore {
    let database: Database
    let metrics: StoreMetrics?
    let insertTimeout: Duration

    /// Reads and writes through `pool`; a session's first transition is
    /// counted in `metrics`, as the journal counts the others. `insert` waits
    /// `insertTimeout` at most, all attempts together.
    public init(pool: PostgresPool, metrics: StoreMetrics? = nil, insertTimeout: Duration = .seconds(12)) {
        database = Database(pool: pool)
        self.metrics = metrics
        self.insertTimeout = insertTimeout
    }

    /// With the agent state of its last transition; no participants.
    public func session(_ id: SessionID) async throws(TurngateError) -> Session? {
        try await database.rows(SessionStatements.one, [.id(id)], Session.init(row:)).first
    }

    /// One statement for the whole page.
    public func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage {
        let list = try SessionListStatement(query)
        let found = try await database.rows(list.statement, list.values, Session.init(row:))
        let page = Array(found.prefix(query.limit))
        return SessionPage(sessions: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// Throws `notFound(.session)`, and `conflict(.sessionNotWorking)` when the
    /// session is over: a final session never changes.
    public func update(_ session: Session) async throws(TurngateError) {
        let (id, spec) = (session.id, session.spec)
        let values: [PostgresValue] = [
            .id(id), try .encoded(spec.turnPolicy), try .encoded(spec.labels), .json([UInt8](spec.metadata.utf8)),
        ]
        guard let row = try await write(SessionStatements.update, values).first else { throw .notFound(.session) }
        if let status = try Self.obstacle(row) { throw .conflict(.sessionNotWorking(id, status: status)) }
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
