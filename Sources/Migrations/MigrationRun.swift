import Postgres

/// Applies one migration and records it, in one transaction.
struct MigrationRun {
    let session: PostgresSession
    let migration: Migration
    let timeout: Duration

    func run() async throws(MigrationError) {
        let isWhole: Bool
        do {
            isWhole = try await apply()
        } catch {
            // The session is closed next, which rolls back what is still open.
            let message = error.unsafeServerMessage ?? error.reason
            throw .failed(file: migration.file, message: message, cause: error)
        }
        if !isWhole { throw .endedTransaction(file: migration.file) }
    }

    /// False when the script ended the transaction, and nothing was recorded.
    private func apply() async throws(PostgresError) -> Bool {
        try await session.run(script: "BEGIN", timeout: .seconds(10))
        let before = try await transactionID()
        let duration = try await runScript()
        guard try await transactionID() == before else { return false }
        try await record(duration)
        try await session.run(script: "COMMIT", timeout: timeout)
        return true
    }

    private func transactionID() async throws(PostgresError) -> String {
        let result = try await session.query("SELECT pg_current_xact_id()::text AS id", timeout: .seconds(10))
        return try result[0].get("id")
    }

    private func runScript() async throws(PostgresError) -> Duration {
        let clock = ContinuousClock()
        let start = clock.now
        try await session.run(script: String(decoding: migration.script, as: UTF8.self), timeout: timeout)
        return clock.now - start
    }

    /// The checksum is of the bytes that the server was sent.
    private func record(_ duration: Duration) async throws(PostgresError) {
        let sql = """
            INSERT INTO turngate_migrations (version, name, checksum, duration_ms)
            VALUES ($1, $2, encode(sha256($3::bytea), 'hex'), $4)
            """
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        _ = try await session.query(
            sql, [.int(migration.version), .text(migration.name), .bytes(migration.script), .int64(milliseconds)],
            timeout: .seconds(10))
    }
}
