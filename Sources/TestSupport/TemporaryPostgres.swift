import Foundation
import Postgres

/// Real PostgreSQL for tests: one cluster for the whole test process, started
/// on first use, with a fresh database for whoever asks. It ends with the
/// process, however that ends, and takes its files with it.
public enum TemporaryPostgres {
    /// What kept the server from starting, with the end of its log.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, for the test's output.
        public let description: String
    }

    private static let shared = Task { try await TemporaryPostgresServer.start() }

    /// A connection string for a new, empty database on the shared server.
    ///
    /// - Throws: `Failure` or `PostgresError` when the server does not come up
    ///   within a minute.
    public static func database() async throws -> String {
        try await shared.value.database()
    }

    /// A server of the test's own, to stop, pause and kill. It ends when the
    /// value is let go.
    ///
    /// - Throws: as `database()`.
    public static func privateServer() async throws -> TemporaryPostgresServer {
        try await TemporaryPostgresServer.start()
    }
}
