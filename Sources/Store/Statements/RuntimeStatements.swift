import Postgres

/// The statements about the processes that hold sessions. All times are the
/// database's.
enum RuntimeStatements {
    static let enter = PostgresStatement(
        name: "runtime_enter",
        sql: """
            INSERT INTO runtimes (id, host, boot_id, pid, start_ticks) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
            """)

    static let heartbeat = PostgresStatement(
        name: "runtime_heartbeat", sql: "UPDATE runtimes SET heartbeat_at = clock_timestamp() WHERE id = $1")

    static let others = PostgresStatement(
        name: "runtime_others",
        sql: """
            SELECT id, host, boot_id, pid, start_ticks,
                (greatest(extract(epoch FROM clock_timestamp() - heartbeat_at), 0) * 1000000)::bigint AS silence_us
            FROM runtimes WHERE id <> $1 ORDER BY entered_at, id
            """)

    /// Live sessions are the ones that have a runtime.
    static let unheld = PostgresStatement(
        name: "runtime_unheld",
        sql: """
            SELECT id FROM sessions
            WHERE runtime_id = $1 AND created_at < clock_timestamp() - $2::bigint * interval '1 microsecond'
            ORDER BY id
            """)

    /// First of a burial's steps: whoever has this row's lock buries; a second one
    /// waits and then finds nothing left. Also waits for sessions that are
    /// just being inserted for this runtime, and lets no further ones in.
    static let lock = PostgresStatement(
        name: "runtime_lock", sql: "SELECT id FROM runtimes WHERE id = $1 FOR UPDATE")

    /// Second: the ends of `$2` of the sessions that it held, locked in the order
    /// that journal batches lock them in, and the events that tell of them. Those
    /// have the form in which `EventEncoding` tells of an end that was journalled.
    /// One row, or none when it held none.
    static let failSessions = PostgresStatement(
        name: "runtime_fail_sessions",
        sql: """
            WITH held AS (
                SELECT id FROM sessions WHERE runtime_id = $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE
            ), failed AS (
                UPDATE sessions AS s SET
                    status = 'failed', runtime_id = NULL, end_reason = 'runtime_lost',
                    end_detail = 'the process that held the session is gone',
                    ended_at = greatest(
                        s.created_at, s.activated_at,
                        (SELECT heartbeat_at FROM runtimes WHERE id = $1),
                        (SELECT at FROM agent_state_transitions WHERE session_id = s.id ORDER BY seq DESC LIMIT 1))
                FROM held WHERE s.id = held.id
                RETURNING s.*
            )
            SELECT array_agg(id ORDER BY id) AS ids, events_add(
                array_agg(turngate_uuid(ended_at) ORDER BY id), array_agg(id ORDER BY id),
                array_agg('session.failed'::text ORDER BY id), array_agg(ended_at ORDER BY id),
                array_agg(NULL::text ORDER BY id),
                array_agg(json_build_object(
                    'status', status, 'room_sid', room_sid, 'agent_sid', agent_sid,
                    'activated_at', turngate_time(activated_at), 'ended_at', turngate_time(ended_at),
                    'end_reason', end_reason, 'end_detail', end_detail) ORDER BY id)) AS told
            FROM failed HAVING count(*) > 0
            """)

    /// Third; does nothing as long as it holds sessions.
    static let remove = PostgresStatement(
        name: "runtime_remove",
        sql: "DELETE FROM runtimes WHERE id = $1 AND NOT EXISTS (SELECT FROM sessions WHERE runtime_id = $1)")
}
