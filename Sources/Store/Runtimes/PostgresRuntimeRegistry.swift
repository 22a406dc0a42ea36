import Domain
import Foundation
import Postgres

/// `RuntimeRegistry` in PostgreSQL. A session can only be live while the
/// process that holds it is on the register: the tables see to that.
public struct PostgresRuntimeRegistry: RuntimeRegistry {
    private let database: Database

    /// Reads and writes through `pool`.
    public init(pool: PostgresPool) { database = Database(pool: pool) }

    /// Entering twice counts as a sign of life.
    public func enter(_ runtime: RuntimeDescription) async throws(TurngateError) {
        _ = try await database.query(
            RuntimeStatements.enter,
            [
                .uuid(runtime.id.uuid), .text(runtime.host), .text(runtime.bootID), .int64(Int64(runtime.pid)),
                .int64(runtime.startTicks),
            ])
    }

    /// Throws `internalFailure` when the process is not on the register: it was
    /// never entered, or another took it for dead and buried it.
    public func heartbeat(_ id: RuntimeID) async throws(TurngateError) -> Bool {
        try await database.query(RuntimeStatements.heartbeat, [.uuid(id.uuid)]).affectedRows == 1
    }

    /// In the order in which they entered.
    public func others(than id: RuntimeID) async throws(TurngateError) -> [RuntimeSighting] {
        try await database.rows(RuntimeStatements.others, [.uuid(id.uuid)], RuntimeSighting.init(row:))
    }

    /// Safe when several processes bury the same one: the first does it, the
    /// others find nothing left and return no ids.
    public func bury(_ dead: RuntimeID) async throws(TurngateError) -> [SessionID] {
        let id = PostgresValue.uuid(dead.uuid)
        let commands = [RuntimeStatements.lock, RuntimeStatements.failSessions, RuntimeStatements.remove]
            .map { PostgresCommand($0, [id]) }
        do {
            let results = try await database.pool.transaction(commands)
            guard results.count == commands.count else { return [] }
            var sessions: [SessionID] = []
            for row in results[1] { sessions.append(try row.id("id")) }
            return sessions.sorted()
        } catch {
            throw TurngateError(error)
        }
    }

    /// Sessions that it still holds end as if it had been buried: none stays
    /// live that nobody holds.
    public func leave(_ id: RuntimeID) async throws(TurngateError) {
        _ = try await bury(id)
    }
}

extension RuntimeSighting {
    /// A row of `RuntimeStatements.others`.
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        let silence: Int64 = try row.get("silence_us")
        self.init(
            runtime: RuntimeDescription(
                id: RuntimeID(uuid: try row.get("id", as: UUID.self)), host: try row.get("host"),
                bootID: try row.get("boot_id"), pid: try row.get("pid"), startTicks: try row.get("start_ticks")),
            silence: .microseconds(silence))
    }
}
