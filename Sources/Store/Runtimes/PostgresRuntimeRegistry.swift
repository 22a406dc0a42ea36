import Domain
import Foundation
import Postgres

/// `RuntimeRegistry` in PostgreSQL. A session can only be live while the
/// process that holds it is on the register: the tables see to that.
public struct PostgresRuntimeRegistry: RuntimeRegistry {
    private let database: Database
    private let leaveTimeout: Duration

    /// Reads and writes through `pool`; `leave` waits `leaveTimeout` at most,
    /// since a process that ends is waited for.
    public init(pool: PostgresPool, leaveTimeout: Duration = .seconds(3)) {
        database = Database(pool: pool)
        self.leaveTimeout = leaveTimeout
    }

    /// Entering twice counts as a sign of life.
    public func enter(_ runtime: RuntimeDescription) async throws(TurngateError) {
        _ = try await database.query(
            RuntimeStatements.enter,
            [
                .uuid(runtime.id.uuid), .text(runtime.host), .text(runtime.bootID), .int64(Int64(runtime.pid)),
                .int64(runtime.startTicks),
            ])
    }

    /// False also for a process that was never entered.
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
        try await bury(dead, timeout: nil)
    }

    private func bury(_ dead: RuntimeID, timeout: Duration?) async throws(TurngateError) -> [SessionID] {
        let id = PostgresValue.uuid(dead.uuid)
        let commands = [RuntimeStatements.lock, RuntimeStatements.failSessions, RuntimeStatements.remove]
            .map { PostgresCommand($0, [id]) }
        do {
            let results = try await database.pool.transaction(commands, timeout: timeout)
            guard results.count == commands.count else { return [] }
            guard let row = results[1].first else { return [] }
            return try row.get("ids", as: PostgresArray<UUID>.self).elements.compactMap {
                $0.map(SessionID.init(uuid:))
            }
        } catch {
            throw TurngateError(error)
        }
    }

    /// By the index of the held sessions.
    public func unheld(by id: RuntimeID, olderThan age: Duration) async throws(TurngateError) -> [SessionID] {
        try await database.rows(
            RuntimeStatements.unheld, [.uuid(id.uuid), .int64(age.microseconds)]
        ) { (row) throws(PostgresError) in try row.id("id", of: SessionKind.self) }
    }

    /// Sessions that it still holds end as if it had been buried: none stays
    /// live that nobody holds. After `storeUnavailable` it may be done or not;
    /// then another process buries what is left.
    public func leave(_ id: RuntimeID) async throws(TurngateError) {
        _ = try await bury(id, timeout: leaveTimeout)
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
