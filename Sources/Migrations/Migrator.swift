import Logging
import Postgres

/// Brings a database to this program's schema, and says how far it is.
///
/// Each migration runs in a transaction together with the row that records it
/// in `turngate_migrations`. All of them run under one advisory lock, so that
/// of several migrators one works and the others wait and find nothing to do.
public struct Migrator: Sendable {
    /// "turngate" in ASCII.
    static let lockKey: Int64 = 0x7475_726e_6761_7465

    let configuration: PostgresConfiguration
    let migrations: [Migration]
    let logger: Logger
    let lockWait: Duration
    let scriptTimeout: Duration

    /// A migrator for the database of `configuration`.
    ///
    /// - Parameters:
    ///   - lockWait: how long to wait for another migrator.
    ///   - scriptTimeout: how long one migration may take. Within it, waiting
    ///     for a table lock is bounded by the configuration's `lockTimeout`.
    public init(
        _ configuration: PostgresConfiguration, migrations: [Migration] = Migration.all, logger: Logger,
        lockWait: Duration = .seconds(60), scriptTimeout: Duration = .seconds(600)
    ) {
        self.configuration = configuration
        self.migrations = migrations
        self.logger = logger
        self.lockWait = lockWait
        self.scriptTimeout = scriptTimeout
    }

    /// Every migration of ours and of the database, in order. Changes nothing.
    ///
    /// - Throws: `database` or `invalidList`.
    public func status() async throws(MigrationError) -> [MigrationStatus] {
        let session = try await connect()
        defer { session.close() }
        return try await MigrationLedger(session).status(of: migrations)
    }

    /// Whether the database has exactly our migrations. Changes nothing.
    ///
    /// - Throws: `changed`, `ahead`, `outOfOrder` or `behind`; as `status()` otherwise.
    public func check() async throws(MigrationError) {
        let pending = try MigrationPlan(try await status(), migrations).pending
        guard pending.isEmpty else { throw .behind(pending.map(\.file)) }
    }

    /// Applies what is pending, and returns it.
    ///
    /// - Throws: `locked`, `changed`, `ahead`, `outOfOrder`, `failed`,
    ///   `endedTransaction`; as `status()` otherwise. What was applied before
    ///   the one that failed stays.
    public func up() async throws(MigrationError) -> [Migration] {
        let session = try await connect()
        // Closing the session gives the lock back, whatever happened.
        defer { session.close() }
        try await lock(session)
        let ledger = MigrationLedger(session)
        try await ledger.prepare()
        let pending = try MigrationPlan(try await ledger.status(of: migrations), migrations).pending
        for migration in pending {
            try await MigrationRun(session: session, migration: migration, timeout: scriptTimeout).run()
            logger.info("migration applied", metadata: ["file": "\(migration.file)"])
        }
        return pending
    }

    private func connect() async throws(MigrationError) -> PostgresSession {
        try MigrationPlan.validate(migrations)
        var settings = configuration
        settings.statementTimeout = max(scriptTimeout, lockWait + .seconds(10))
        do {
            return try await PostgresSession.connect(settings)
        } catch {
            throw .database(error)
        }
    }

    private func lock(_ session: PostgresSession) async throws(MigrationError) {
        let setting = "SELECT set_config('lock_timeout', $1, false)"
        do {
            _ = try await session.query(setting, [.text(lockWait.milliseconds)], timeout: .seconds(10))
            _ = try await session.query(
                "SELECT pg_advisory_lock($1::int8)", [.int64(Migrator.lockKey)], timeout: lockWait + .seconds(5))
            _ = try await session.query(
                setting, [.text(configuration.lockTimeout.milliseconds)], timeout: .seconds(10))
        } catch {
            throw error.sqlState == "55P03" ? .locked(waited: lockWait) : .database(error)
        }
    }
}

extension Duration {
    /// As a server setting takes it; 0 would mean no limit.
    fileprivate var milliseconds: String {
        String(max(1, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000))
    }
}
