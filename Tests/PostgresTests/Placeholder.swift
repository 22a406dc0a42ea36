import Logging
import Postgres
import TestSupport
import Testing

@Test func pool_answers() async throws {
    let pool = try PostgresPool(PostgresConfiguration(connectionString: try await TemporaryPostgres.database()), logger: Logger(label: "t"))
    let result = try await pool.query(PostgresStatement(name: "a", sql: "SELECT $1::int8 + 1 AS n"), [.int64(41)])
    #expect(try result[0].get("n", as: Int.self) == 42)
    await pool.close()
}
