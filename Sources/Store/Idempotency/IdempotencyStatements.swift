import Postgres

/// The statements about keyed calls. All times are the database's.
enum IdempotencyStatements {
    static let claim = PostgresStatement(
        name: "idempotency_claim",
        sql: "SELECT * FROM idempotency_claim($1, $2, $3, $4, $5, $6::bigint * interval '1 microsecond')")

    static let bind = PostgresStatement(name: "idempotency_bind", sql: "SELECT idempotency_bind($1, $2, $3, NULL)")

    /// An answer of 500 and more counts only where something was made.
    static let complete = PostgresStatement(
        name: "idempotency_complete",
        sql: """
            UPDATE idempotency_keys SET status = $2::integer, headers = $3, body = $4
            WHERE claim_id = $1 AND status IS NULL
                AND ($2::integer < 500 OR made_kind IS NOT NULL)
            """)

    /// What has made nothing is as if it had never been.
    static let forget = PostgresStatement(
        name: "idempotency_forget",
        sql: """
            DELETE FROM idempotency_keys
            WHERE claim_id = $1 AND status IS NULL AND made_kind IS NULL
            """)

    /// After `forget`: what has made something is nobody's any more.
    static let abandon = PostgresStatement(
        name: "idempotency_abandon",
        sql: "UPDATE idempotency_keys SET runtime_id = NULL WHERE claim_id = $1 AND status IS NULL")

    /// The oldest first, past rows that somebody is at.
    static let purge = PostgresStatement(
        name: "idempotency_purge",
        sql: """
            WITH old AS (
                SELECT caller, key FROM idempotency_keys
                WHERE claimed_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
                ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            DELETE FROM idempotency_keys AS k USING old WHERE k.caller = old.caller AND k.key = old.key
            """)
}
