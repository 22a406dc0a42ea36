import Domain
import Foundation
import Postgres

/// Sessions and their events as bare rows, for tests of what comes after them.
public struct EventRows: Sendable {
    private let pool: PostgresPool

    /// Writes through `pool`, into a database that has all tables.
    public init(pool: PostgresPool) { self.pool = pool }

    /// A new session that is over.
    public func session() async throws -> SessionID {
        let id = SessionID(at: SystemClock().now)
        _ = try await pool.query(
            .unnamed(
                """
                INSERT INTO sessions (id, room, status, agent_identity, agent_name, agent_metadata, agent_attributes,
                    turn_policy, labels, metadata, created_at, ended_at, end_reason)
                VALUES ($1, 'room', 'ended', 'agent', '', '', '{}', '{}', '{}', '{}', now(), now(), 'deleted')
                """), [.uuid(id.uuid)], timeout: .seconds(60))
        return id
    }

    /// Adds events of `session` in one transaction, in this order; returns their
    /// ids. `data` is each one's.
    @discardableResult
    public func add(
        _ types: [EventType], to session: SessionID, data: String = "{}", trace: TraceContext? = nil
    ) async throws -> [EventID] {
        let ids = types.map { _ in EventID(at: SystemClock().now) }
        let command = Self.command(ids, types, session, data, trace)
        _ = try await pool.query(command.statement, command.values, timeout: .seconds(60))
        return ids
    }

    /// What `add` runs, for a transaction of the test's own.
    public static func command(
        _ ids: [EventID], _ types: [EventType], _ session: SessionID, _ data: String = "{}",
        _ trace: TraceContext? = nil
    ) -> PostgresCommand {
        let now = SystemClock().now.microseconds
        return PostgresCommand(
            .unnamed(
                "SELECT events_add($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[], $6::json[])"),
            [
                .uuidArray(ids.map(\.uuid)), .uuidArray(ids.map { _ in session.uuid }),
                .textArray(types.map(\.rawValue)), .timestampArray(microseconds: ids.map { _ in now }),
                .textArray(ids.map { _ in trace?.traceparent }), .jsonArray(ids.map { _ in Array(data.utf8) }),
            ])
    }
}
