import Domain
import Postgres

/// Whether PostgreSQL answers: the `database` line of `/readyz`.
public struct PostgresReadiness: ReadinessProbe {
    /// `database`.
    public let name = "database"
    private let pool: PostgresPool

    /// Asks through `pool`.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Nil when PostgreSQL answers within 1.5 s.
    public func problem() async -> String? {
        do {
            try await pool.ping(timeout: .milliseconds(1500))
            return nil
        } catch {
            return "PostgreSQL does not answer"
        }
    }
}
