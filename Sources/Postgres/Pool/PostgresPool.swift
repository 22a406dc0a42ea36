import Logging

/// A few connections to one PostgreSQL database that many tasks share.
///
/// One thread drives all connections in libpq's pipeline mode: queries of many
/// tasks are under way on the same connection at once, each with a Sync of its
/// own, or sent again where another that shared it has failed, so that an error
/// affects only the query that made it. Connections are
/// opened in the background and reopened when they break; a pool can be made
/// before the server is up.
///
/// Queries of one task that awaits each of them run in order. Queries started
/// side by side may run in any order and on different connections. Session
/// state (`SET`, `LISTEN`, temporary tables, advisory session locks) has no
/// place here; for several statements that belong together there is
/// `transaction`.
public final class PostgresPool: Sendable {
    let inbox: LoopInbox
    let configuration: PostgresConfiguration

    /// Where tasks go on that only pass the pool's results on.
    public let threadExecutor = PostgresThreadExecutor()

    /// Checks the settings and starts the pool's thread; does not wait for a connection.
    ///
    /// - Throws: kind `invalidConfiguration` when the connection string cannot
    ///   be parsed or the system has no thread or descriptor to give.
    public init(_ configuration: PostgresConfiguration, logger: Logger) throws(PostgresError) {
        let parameters = try ConnectionParameters(configuration)
        let inbox = try LoopInbox(queueLimit: configuration.queueLimit)
        self.inbox = inbox
        self.configuration = configuration
        let started = DetachedThread.start { [threadExecutor] in
            threadExecutor.enter()
            PoolLoop(configuration, parameters, inbox, logger).run()
            threadExecutor.leave()
        }
        guard started else { throw PostgresError(.invalidConfiguration, reason: "no thread for the event loop") }
    }

    deinit {
        inbox.post(.close(deadline: 0, done: nil))
    }

    /// How the pool is doing now. Cheap.
    public var state: PostgresPoolState { inbox.state }

    /// Asks the server for a sign of life.
    ///
    /// - Throws: as `query`.
    public func ping(timeout: Duration = .seconds(2)) async throws(PostgresError) {
        _ = try await query(PostgresStatement(name: "postgres_pool_ping", sql: "SELECT 1"), [], timeout: timeout)
    }

    /// Closes the pool: queries that were sent may finish within `deadline`,
    /// those that wait fail with `closed`, LISTEN streams end. Returns when
    /// the connections are closed; more calls do no harm.
    public func close(deadline: Duration = .seconds(5)) async {
        await withCheckedContinuation { continuation in
            let message = LoopMessage.close(deadline: MonotonicTime.after(deadline), done: continuation)
            if !inbox.post(message) { continuation.resume() }
        }
    }
}
