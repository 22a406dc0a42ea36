import Domain
import Foundation
import Postgres

/// `RuntimeRegistry` in PostgreSQL. A session can only be live while the
/// process that holds it is on the register: the tables see to that.
public struct PostgresRuntimeRegistry: RuntimeRegistry {
    private let database: Database
    private let leaveTimeout: Duration
    private let burialRows: Int

    /// How long one call of `bury` begins further steps: whoever buries says in
    /// between that it is alive itself.
    private static let burialTime = Duration.seconds(5)

    /// Reads and writes through `pool`; `leave` waits `leaveTimeout` at most,
    /// since a process that ends is waited for. A transaction of a burial ends
    /// `burialRows` sessions at most.
    public init(pool: PostgresPool, leaveTimeout: Duration = .seconds(3), burialRows: Int = 100) {
        database = Database(pool: pool)
        self.leaveTimeout = leaveTimeout
        self.burialRows = max(1, burialRows)
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

    /// Safe when several processes bury the same one: each session is failed by
    /// one of them. A few at a time, since all events wait for the lock under which
    /// an end is told; the process goes off the register with the last one, so that
    /// whatever breaks the burial off, the next one goes on.
    public func bury(_ dead: RuntimeID) async throws(TurngateError) -> [SessionID] {
        let end = ContinuousClock.now + Self.burialTime
        var sessions: [SessionID] = []
        var isOver = false
        repeat {
            let step = try await buryStep(dead, timeout: nil)
            sessions += step.sessions
            isOver = step.isOver
        } while !isOver && ContinuousClock.now < end
        return sessions
    }

    /// What one transaction of a burial came to.
    private struct BurialStep {
        var sessions: [SessionID] = []
        /// Nothing is left to bury.
        var isOver = true
    }

    private func buryStep(_ dead: RuntimeID, timeout: Duration?) async throws(TurngateError) -> BurialStep {
        let id = PostgresValue.uuid(dead.uuid)
        let commands = [
            PostgresCommand(RuntimeStatements.lock, [id]),
            PostgresCommand(RuntimeStatements.lockSessions, [id, .int(burialRows)]),
            PostgresCommand(RuntimeStatements.failSessions, [id, .int(burialRows)]),
            PostgresCommand(RuntimeStatements.remove, [id]),
        ]
        do {
            let results = try await database.pool.transaction(commands, timeout: timeout)
            guard results.count == commands.count, let row = results[2].first else { return BurialStep() }
            let sessions = try row.get("ids", as: PostgresArray<UUID>.self).elements.compactMap {
                $0.map(SessionID.init(uuid:))
            }
            return BurialStep(sessions: sessions, isOver: results[3].affectedRows > 0)
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
        let end = ContinuousClock.now + leaveTimeout
        var left = leaveTimeout
        while try await !buryStep(id, timeout: left).isOver {
            left = end - ContinuousClock.now
            guard left > .zero else { throw .storeUnavailable(detail: "there was no time to end all its sessions") }
        }
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
