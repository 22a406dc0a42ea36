import Postgres

/// The statements about a session's RPC methods.
enum MethodStatements {
    /// Run again after a lost reply it finds the method there and writes the
    /// same over it.
    static let insert = PostgresStatement(
        name: "method_insert",
        sql: """
            WITH \(session)
            INSERT INTO rpc_methods (
                session_id, name, description, handler_type, static_response, handler, allowed_callers, keep_payloads,
                builtin, registered_at, calls, errors, total_latency_ms, max_latency_ms, last_called_at)
            SELECT $1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::boolean, $9::boolean, $10::timestamptz, $11::bigint,
                $12::bigint, $13::float8, $14::float8, $15::timestamptz
            FROM (SELECT count(*) FROM session) AS locked
            ON CONFLICT (session_id, name) DO UPDATE SET
                description = excluded.description, handler_type = excluded.handler_type,
                static_response = excluded.static_response, handler = excluded.handler,
                allowed_callers = excluded.allowed_callers, keep_payloads = excluded.keep_payloads,
                builtin = excluded.builtin, registered_at = excluded.registered_at, calls = excluded.calls,
                errors = excluded.errors, total_latency_ms = excluded.total_latency_ms,
                max_latency_ms = excluded.max_latency_ms, last_called_at = excluded.last_called_at
            """)

    static let replace = PostgresStatement(
        name: "method_replace",
        sql: """
            UPDATE rpc_methods SET
                description = $3, handler_type = $4, static_response = $5, handler = $6, allowed_callers = $7,
                keep_payloads = $8, builtin = $9, registered_at = $10, calls = $11, errors = $12,
                total_latency_ms = $13, max_latency_ms = $14, last_called_at = $15
            WHERE session_id = $1 AND name = $2
            """)

    static let delete = PostgresStatement(
        name: "method_delete",
        sql: """
            WITH \(session)
            DELETE FROM rpc_methods USING session WHERE rpc_methods.session_id = session.id AND name = $2
            """)

    /// Takes the session's lock before that of the method, in the order of a
    /// journal batch.
    private static let session = """
        session AS MATERIALIZED (SELECT id FROM sessions WHERE id = $1 FOR NO KEY UPDATE)
        """

    /// The usage in the form of `RPCMethodUsage`'s own Codable.
    static let list = PostgresStatement(
        name: "method_list",
        sql: """
            SELECT registered_at, \(json(builtin: "builtin")) AS method,
                json_build_object(
                    'calls', calls, 'errors', errors, 'totalLatencyMs', total_latency_ms,
                    'maxLatencyMs', max_latency_ms,
                    'lastCalledAt', (extract(epoch FROM last_called_at) * 1000000)::bigint) AS usage
            FROM rpc_methods WHERE session_id = $1
            """)

    /// The form of `StoredMethod`.
    static func json(builtin: String) -> String {
        """
        json_build_object(
            'name', name, 'description', description, 'type', handler_type, 'response', static_response,
            'handler', handler, 'callers', allowed_callers, 'keeps', keep_payloads, 'builtin', \(builtin))
        """
    }
}
