import Postgres

/// The statements about the methods that every new session starts with.
enum DefaultMethodStatements {
    /// First of an addition, so that of two at once the second counts the first.
    static let lock = PostgresStatement(
        name: "default_method_lock", sql: "LOCK TABLE default_rpc_methods IN SHARE ROW EXCLUSIVE MODE")

    /// Second; always one row, which says what stood in the way. `$9` is the
    /// claim that is bound to what is added, or NULL.
    static let insert = PostgresStatement(
        name: "default_method_insert",
        sql: """
            WITH there AS (
                SELECT count(*) AS count, count(*) FILTER (WHERE name = $1::text) > 0 AS taken FROM default_rpc_methods
            ), added AS (
                INSERT INTO default_rpc_methods (
                    name, description, handler_type, static_response, handler, allowed_callers, keep_payloads)
                SELECT $1, $2, $3, $4, $5::jsonb, $6::jsonb, $7::boolean FROM there
                WHERE NOT taken AND count < $8::bigint
                RETURNING name
            )
            SELECT taken, EXISTS (SELECT FROM added) AS added,
                (SELECT idempotency_bind($9::uuid, 'method', NULL, name) FROM added WHERE $9::uuid IS NOT NULL)
            FROM there
            """)

    static let replace = PostgresStatement(
        name: "default_method_replace",
        sql: """
            UPDATE default_rpc_methods SET
                description = $2, handler_type = $3, static_response = $4, handler = $5, allowed_callers = $6,
                keep_payloads = $7
            WHERE name = $1
            """)

    static let delete = PostgresStatement(
        name: "default_method_delete", sql: "DELETE FROM default_rpc_methods WHERE name = $1")

    static let list = PostgresStatement(
        name: "default_method_list",
        sql: "SELECT \(MethodStatements.json(builtin: "false")) AS method FROM default_rpc_methods")
}
