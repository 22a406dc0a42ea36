import Postgres
import Testing

@Suite struct TransactionTests {
    static let insert = PostgresStatement(name: "note_insert", sql: "INSERT INTO note VALUES ($1)")
    static let count = PostgresStatement(name: "note_count", sql: "SELECT count(*) AS n FROM note")

    @Test func transaction_returnsEachResult_andCommits() async throws {
        try await withPool { pool in
            try await pool.run("CREATE TABLE note (id int PRIMARY KEY)")
            let results = try await pool.transaction([
                PostgresCommand(TransactionTests.insert, [.int(1)]),
                PostgresCommand(TransactionTests.insert, [.int(2)]),
                PostgresCommand(TransactionTests.count),
            ])
            #expect(results.map(\.commandTag) == ["INSERT 0 1", "INSERT 0 1", "SELECT 1"])
            #expect(try results[2][0].get("n", as: Int.self) == 2)
            #expect(try await pool.query(TransactionTests.count)[0].get("n", as: Int.self) == 2)
        }
    }

    @Test func failingTransaction_changesNothing_andSaysWhichStatement() async throws {
        try await withPool { pool in
            try await pool.run("CREATE TABLE note (id int PRIMARY KEY)")
            let error = await failure {
                _ = try await pool.transaction([
                    PostgresCommand(TransactionTests.insert, [.int(1)]),
                    PostgresCommand(TransactionTests.insert, [.int(1)]),
                    PostgresCommand(TransactionTests.count),
                ])
            }
            #expect(error?.isUniqueViolation == true)
            #expect(error?.statementIndex == 1)
            #expect(error?.statementName == "note_insert")
            #expect(try await pool.query(TransactionTests.count)[0].get("n", as: Int.self) == 0)
        }
    }

    @Test func deferredConstraint_failsTheCommit() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            try await pool.run("CREATE TABLE note (id int CONSTRAINT late UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let twice = Array(repeating: PostgresCommand(TransactionTests.insert, [.int(1)]), count: 2)
            let error = await failure { _ = try await pool.transaction(twice) }
            #expect(error?.constraintName == "late")
            #expect(error?.statementIndex == nil)
            #expect(try await pool.query(TransactionTests.count)[0].get("n", as: Int.self) == 0)
        }
    }

    /// On one connection, everything behind a failed transaction meets it
    /// before its ROLLBACK.
    @Test func queriesBehindFailingTransactions_doNotNotice() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            try await pool.run("CREATE TABLE note (id int PRIMARY KEY)")
            try await pool.run("INSERT INTO note VALUES (0)")
            let states = await withTaskGroup(of: String.self) { group in
                for index in 1...400 {
                    group.addTask {
                        let id = index.isMultiple(of: 8) ? 0 : index
                        let error = await failure {
                            if index.isMultiple(of: 2) {
                                let command = PostgresCommand(TransactionTests.insert, [.int(id)])
                                _ = try await pool.transaction([command])
                            } else {
                                _ = try await pool.query(TransactionTests.insert, [.int(id)])
                            }
                        }
                        return error?.sqlState ?? error?.kind.rawValue ?? "done"
                    }
                }
                return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(states == ["done": 350, "23505": 50])
            #expect(try await pool.query(TransactionTests.count)[0].get("n", as: Int.self) == 351)
        }
    }

    @Test func isolationLevel_isTheOneAskedFor() async throws {
        try await withPool { pool in
            let show = PostgresCommand(.unnamed("SELECT current_setting('transaction_isolation') AS level"))
            for (isolation, name) in [
                (PostgresIsolation.readCommitted, "read committed"), (.repeatableRead, "repeatable read"),
                (.serializable, "serializable"),
            ] {
                let results = try await pool.transaction([show], isolation: isolation)
                #expect(try results[0][0].get("level", as: String.self) == name)
            }
        }
    }

    @Test func emptyTransaction_returnsNothing() async throws {
        try await withPool { pool in
            let results = try await pool.transaction([])
            #expect(results.isEmpty)
        }
    }

    @Test func strayBegin_isRolledBackBeforeTheNextQuery() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            try await pool.run("BEGIN")
            #expect(
                await eventually {
                    (try? await pool.run("SELECT pg_current_xact_id_if_assigned() IS NULL AS free")) != nil
                })
            try await pool.run("CREATE TABLE stays (n int)")
            #expect(try await pool.run("SELECT * FROM stays").isEmpty)
        }
    }
}
