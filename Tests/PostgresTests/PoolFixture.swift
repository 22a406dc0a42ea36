import Logging
import Postgres
import TestSupport

/// A pool on a fresh database, closed at the end.
func withPool<Value: Sendable>(
    _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    try await withPool(to: TemporaryPostgres.database(), configure, body)
}

/// A pool on the database of `connectionString`, closed at the end.
func withPool<Value: Sendable>(
    to connectionString: String, _ configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    var configuration = PostgresConfiguration(connectionString: connectionString)
    configure(&configuration)
    let pool = try PostgresPool(configuration, logger: quiet)
    do {
        let value = try await body(pool)
        await pool.close()
        return value
    } catch {
        await pool.close(deadline: .zero)
        throw error
    }
}

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// The error that `body` throws, if it is one of ours.
func failure(_ body: () async throws -> Void) async -> PostgresError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

/// Waits until `condition` holds; false after a minute.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !(await condition()) {
        guard ContinuousClock.now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}

/// Holds a lock that `PostgresPool.block()` waits for, so that a query is
/// under way for exactly as long as a test wants.
struct Barrier {
    private let session: PostgresSession

    init(_ connectionString: String) async throws {
        session = try await PostgresSession.connect(PostgresConfiguration(connectionString: connectionString))
        _ = try await session.query("SELECT pg_advisory_lock(1)", timeout: .seconds(60))
    }

    func lift() { session.close() }

    /// Limits of the server that do not get in the way.
    static func patient(_ configuration: inout PostgresConfiguration) {
        configuration.statementTimeout = .seconds(60)
        configuration.lockTimeout = .seconds(60)
        configuration.queryTimeout = .seconds(60)
    }
}

extension PostgresPool {
    /// Runs until the database's barrier is lifted.
    func block(timeout: Duration? = nil) async throws {
        try await run("SELECT pg_advisory_lock_shared(1), pg_advisory_unlock_shared(1)", timeout: timeout)
    }

    /// Runs one-off SQL.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue] = [], timeout: Duration? = nil) async throws -> PostgresResult {
        try await query(.unnamed(sql), values, timeout: timeout)
    }
}
