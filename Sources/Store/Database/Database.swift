import Domain
import Postgres

/// The pool as the ports see it: the same calls, with the ports' errors.
struct Database: Sendable {
    let pool: PostgresPool

    func query(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws(TurngateError) -> PostgresResult {
        do {
            return try await pool.query(statement, values, timeout: timeout)
        } catch {
            throw TurngateError(error)
        }
    }

    /// Runs `statement` and reads each row with `read`; waits `timeout` at
    /// most, or as long as the pool's settings say.
    func rows<Row>(
        _ statement: PostgresStatement, _ values: [PostgresValue], timeout: Duration? = nil,
        _ read: (PostgresRow) throws(PostgresError) -> Row
    ) async throws(TurngateError) -> [Row] {
        let result = try await query(statement, values, timeout: timeout)
        var rows: [Row] = []
        rows.reserveCapacity(result.count)
        do {
            for row in result { rows.append(try read(row)) }
        } catch {
            throw TurngateError(error)
        }
        return rows
    }
}
