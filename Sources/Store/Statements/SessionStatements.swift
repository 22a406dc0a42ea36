import Postgres

/// The statements about sessions.
enum SessionStatements {
    /// A session, its first transition and its methods, all or none. Run again
    /// after a lost reply it finds the session there and does nothing.
    static let insert = PostgresStatement(
        name: "session_insert",
        sql: """
            WITH session AS (
                INSERT INTO sessions (
                    id, runtime_id, room, room_sid, status, agent_identity, agent_name, agent_metadata,
                    agent_attributes, agent_sid, turn_policy, labels, metadata, max_duration_ms, empty_timeout_ms,
                    created_at, activated_at, ended_at, end_reason, end_detail, created_by)
                VALUES (
                    $1, CASE WHEN $5 IN ('ended', 'failed') THEN NULL ELSE $2::uuid END, $3, $4, $5::text, $6, $7, $8,
                    $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                ON CONFLICT (id) DO NOTHING
                RETURNING id
            ), methods AS (
                INSERT INTO rpc_methods (
                    session_id, name, description, handler_type, static_response, handler, allowed_callers,
                    keep_payloads, builtin, registered_at)
                SELECT session.id, given.name, given.description, given.handler_type, given.static_response,
                    given.handler, given.allowed_callers, given.keep_payloads, given.builtin, $16
                FROM session, unnest(
                        $22::text[], $23::text[], $24::text[], $25::text[], $26::jsonb[], $27::jsonb[], $28::boolean[],
                        $29::boolean[]
                    ) WITH ORDINALITY AS given (
                        name, description, handler_type, static_response, handler, allowed_callers, keep_payloads,
                        builtin, position)
                ORDER BY given.position
            )
            INSERT INTO agent_state_transitions (
                session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
            SELECT session.id, $30, $31, $32, $33, $34, $35, $36, $37 FROM session
            """)

    /// The live session of an identity in a room.
    static let holder = PostgresStatement(
        name: "session_holder",
        sql: """
            SELECT id FROM sessions
            WHERE room = $1 AND agent_identity = $2 AND status NOT IN ('ended', 'failed')
            """)

    static let one = PostgresStatement(
        name: "session_one", sql: select(from: "sessions AS s", rest: "WHERE s.id = $1"), isShortRead: true)

    /// A session that is over, in writing.
    static let text = PostgresStatement(
        name: "session_text", sql: "SELECT json FROM session_texts WHERE session_id = $1", isShortRead: true)

    /// What can be patched, and the events that tell of it (`EventRow.values`
    /// from `$5` on). Always one row when the session exists; `changed` is false
    /// when it is final: then nobody is told.
    static let update = PostgresStatement(
        name: "session_update",
        sql: """
            WITH changed AS (
                UPDATE sessions SET turn_policy = $2, labels = $3, metadata = $4
                WHERE id = $1 AND status NOT IN ('ended', 'failed')
                RETURNING id
            )
            SELECT status, EXISTS (SELECT FROM changed) AS changed,
                CASE WHEN EXISTS (SELECT FROM changed) THEN \(EventStatements.add(from: 5)) END AS told
            FROM sessions WHERE id = $1
            """)

    /// Whole sessions from `source` (which names `s`), each with the state that
    /// its last transition leads into and its methods.
    static func select(from source: String, rest: String) -> String {
        """
        SELECT s.id, s.room, s.room_sid, s.status, s.agent_identity, s.agent_name, s.agent_metadata, s.agent_sid,
            s.metadata, s.max_duration_ms, s.empty_timeout_ms, s.created_by, s.created_at, s.activated_at, s.ended_at,
            s.end_reason, s.end_detail, last.new_state AS agent_state, last.at AS agent_state_since,
            last.seq AS agent_state_seq,
            json_build_object(
                'attributes', s.agent_attributes, 'labels', s.labels, 'policy', s.turn_policy,
                'methods', methods.list) AS details
        FROM \(source)
        CROSS JOIN LATERAL (
            SELECT new_state, at, seq FROM agent_state_transitions
            WHERE session_id = s.id ORDER BY seq DESC LIMIT 1
        ) AS last
        CROSS JOIN LATERAL (
            SELECT coalesce(
                json_agg(\(MethodStatements.json(builtin: "builtin")) ORDER BY position),
                '[]') AS list
            FROM rpc_methods WHERE session_id = s.id
        ) AS methods
        \(rest)
        """
    }
}
