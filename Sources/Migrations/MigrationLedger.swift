import Postgres

/// The table `turngate_migrations`: what was applied, when, and from which script.
struct MigrationLedger {
    private struct Entry {
        let name: String
        let checksum: String
        let appliedAt: PostgresTimestamp
    }

    private static let timeout: Duration = .seconds(10)
    private let session: PostgresSession

    init(_ session: PostgresSession) {
        self.session = session
    }

    /// Makes the table if it is not there. Only under the lock: two at once
    /// could collide in spite of IF NOT EXISTS.
    func prepare() async throws(MigrationError) {
        let sql = """
            CREATE TABLE IF NOT EXISTS turngate_migrations (
                version int PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
                duration_ms int8 NOT NULL
            )
            """
        _ = try await query(sql, [])
    }

    /// How `migrations`, and whatever else the database has, stand.
    func status(of migrations: [Migration]) async throws(MigrationError) -> [MigrationStatus] {
        let checksums = try await checksums(of: migrations)
        var entries = try await entries()
        var status: [MigrationStatus] = []
        for (migration, checksum) in zip(migrations, checksums) {
            let state: MigrationStatus.State
            if let entry = entries.removeValue(forKey: migration.version) {
                let isSame = entry.checksum == checksum && entry.name == migration.name
                state = isSame ? .applied(at: entry.appliedAt) : .changed(at: entry.appliedAt)
            } else {
                state = .pending
            }
            status.append(MigrationStatus(version: migration.version, name: migration.name, state: state))
        }
        for (version, entry) in entries {
            status.append(MigrationStatus(version: version, name: entry.name, state: .unknown(at: entry.appliedAt)))
        }
        return status.sorted { $0.version < $1.version }
    }

    private func entries() async throws(MigrationError) -> [Int: Entry] {
        let present = try await query("SELECT to_regclass('turngate_migrations') IS NOT NULL AS present", [])
        return try await reading { () async throws(PostgresError) -> [Int: Entry] in
            guard try present.first?.get("present", as: Bool.self) == true else { return [:] }
            let rows = try await session.query(
                "SELECT version, name, checksum, applied_at FROM turngate_migrations", timeout: MigrationLedger.timeout)
            var entries: [Int: Entry] = [:]
            for row in rows {
                entries[try row.get("version")] = Entry(
                    name: try row.get("name"), checksum: try row.get("checksum"), appliedAt: try row.get("applied_at"))
            }
            return entries
        }
    }

    /// SHA-256 in hex, computed by the server: nothing else here needs hashing.
    private func checksums(of migrations: [Migration]) async throws(MigrationError) -> [String] {
        let sql = """
            SELECT encode(sha256(script), 'hex') AS checksum
            FROM unnest($1::bytea[]) WITH ORDINALITY AS item (script, position) ORDER BY position
            """
        let rows = try await query(sql, [.bytesArray(migrations.map(\.script))])
        return try await reading { () async throws(PostgresError) -> [String] in
            var checksums: [String] = []
            for row in rows { checksums.append(try row.get("checksum")) }
            return checksums
        }
    }

    private func query(_ sql: String, _ values: [PostgresValue]) async throws(MigrationError) -> PostgresResult {
        try await reading { () async throws(PostgresError) in
            try await session.query(sql, values, timeout: MigrationLedger.timeout)
        }
    }

    private func reading<Value>(
        _ body: () async throws(PostgresError) -> Value
    ) async throws(MigrationError) -> Value {
        do {
            return try await body()
        } catch {
            throw .database(error)
        }
    }
}
