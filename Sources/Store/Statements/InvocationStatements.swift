import Domain
import Postgres

/// The statements about the invocation log.
enum InvocationStatements {
    /// Part of a journal batch; columns come as arrays, one element for each
    /// row. A line that is there already and the same stays as it is; one that
    /// is there and says something else runs into the guard against changes.
    static let write = PostgresStatement(
        name: "journal_invocations",
        sql: """
            INSERT INTO rpc_invocations AS i (
                id, session_id, direction, method, participant, handler_type, started_at, duration_us, outcome,
                error_code, error_message, error_data, payload, response)
            SELECT * FROM unnest(
                $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[])
            ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id
            WHERE (i.session_id, i.method, i.participant, i.started_at, i.duration_us, i.outcome)
                IS DISTINCT FROM (excluded.session_id, excluded.method, excluded.participant, excluded.started_at,
                    excluded.duration_us, excluded.outcome)
            """)

    static let one = PostgresStatement(name: "invocation_one", sql: select("session_id = $1 AND id = $2", rest: ""))

    static let list = PostgresStatement(name: "invocation_list", sql: select(page, rest: newest))
    /// Of one method, `$7`: by an index of its own.
    static let listOfMethod = PostgresStatement(
        name: "invocation_list_method", sql: select("method = $7 AND " + page, rest: newest))

    /// `$3` is where to go on, `$4` the participant, `$5` the direction, `$6` the
    /// outcomes; NULL for any.
    private static let page = """
        session_id = $1 AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        AND ($4::text IS NULL OR participant = $4) AND ($5::text IS NULL OR direction = $5)
        AND ($6::text[] IS NULL OR outcome = ANY ($6))
        """

    private static let newest = "ORDER BY id DESC LIMIT $2"

    private static func select(_ condition: String, rest: String) -> String {
        """
        SELECT id, session_id, direction, method, participant, handler_type, started_at, duration_us, outcome,
            error_code, error_message, error_data, payload, response
        FROM rpc_invocations WHERE \(condition) \(rest)
        """
    }
}
