import Postgres
import TestSupport
import Testing

@Suite struct SessionTests {
    private func session() async throws -> PostgresSession {
        try await PostgresSession.connect(PostgresConfiguration(connectionString: TemporaryPostgres.database()))
    }

    @Test func script_ofSeveralStatements_runsWhole() async throws {
        let session = try await session()
        try await session.run(
            script: "CREATE TABLE a (n int); INSERT INTO a VALUES (1), (2); -- done", timeout: .seconds(60))
        let rows = try await session.query("SELECT n FROM a WHERE n > $1 ORDER BY n", [.int(0)], timeout: .seconds(60))
        #expect(try rows.map { try $0.get("n", as: Int.self) } == [1, 2])
    }

    @Test func failingScript_isUndone_andTheSessionGoesOn() async throws {
        let session = try await session()
        let error = await failure {
            try await session.run(
                script: "CREATE TABLE a (n int); SELECT 1/0; CREATE TABLE b ()", timeout: .seconds(60))
        }
        #expect(error?.sqlState == "22012")
        let rows = try await session.query("SELECT to_regclass('a') IS NULL AS gone", timeout: .seconds(60))
        #expect(try rows[0].get("gone", as: Bool.self))
    }

    @Test func passedDeadline_closesTheSession() async throws {
        let session = try await session()
        let error = await failure { try await session.run(script: "SELECT pg_sleep(5)", timeout: .milliseconds(100)) }
        #expect(error?.kind == .timedOut)
        #expect(await failure { try await session.run(script: "SELECT 1", timeout: .seconds(60)) }?.kind == .closed)
    }

    @Test func copy_isRefused() async throws {
        let session = try await session()
        let error = await failure { try await session.run(script: "COPY (SELECT 1) TO STDOUT", timeout: .seconds(60)) }
        #expect(error?.kind == .unexpected)
    }
}
