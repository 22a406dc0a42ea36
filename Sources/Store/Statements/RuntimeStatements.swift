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

    /// Second: the locks of `$2` of the sessions that it held, in the order that
    /// journal batches lock them in. A statement of its own: the next one sees
    /// what was written of them while this one waited.
    static let lockSessions = PostgresStatement(
        name: "runtime_lock_sessions",
        sql: "SELECT id FROM sessions WHERE runtime_id = $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE")

    /// Third: the ends of the same sessions, and the events that tell of them and,
    /// before, of the turns that they cut (`sessions_end_turns` does). They have
    /// the form in which `EventEncoding` tells of ends that were journalled. One
    /// row, or none when it held none.
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
            ), cut AS (
                SELECT t.*, greatest(failed.ended_at, t.started_at) AS cut_at
                FROM failed JOIN turns AS t ON t.session_id = failed.id WHERE t.status <> 'ended'
            ), news AS (
                SELECT session_id, 1 AS place, 'turn.cancelled' AS type, cut_at AS at, json_build_object(
                    'id', turngate_id('turn', id), 'session_id', turngate_id('ses', session_id), 'epoch', epoch,
                    'holder', holder, 'status', 'ended', 'outcome', 'cancelled', 'end_reason', 'session_ended',
                    'started_at', turngate_time(started_at), 'ended_at', turngate_time(cut_at),
                    'started_by', json_build_object('cause', start_cause, 'actor', start_actor),
                    'pre_roll_ms', pre_roll_ms, 'audio_ms', audio_ms, 'speech_ms', speech_ms,
                    'dropped_frames', dropped_frames, 'audio_kept', false) AS data
                FROM cut
                UNION ALL
                SELECT id, 2, 'session.failed', ended_at, json_build_object(
                    'status', status, 'room_sid', room_sid, 'agent_sid', agent_sid,
                    'activated_at', turngate_time(activated_at), 'ended_at', turngate_time(ended_at),
                    'end_reason', end_reason, 'end_detail', end_detail)
                FROM failed
            )
            SELECT (SELECT array_agg(id ORDER BY id) FROM failed) AS ids, events_add(
                array_agg(turngate_uuid(at) ORDER BY session_id, place),
                array_agg(session_id ORDER BY session_id, place), array_agg(type ORDER BY session_id, place),
                array_agg(at ORDER BY session_id, place), array_agg(NULL::text ORDER BY session_id, place),
                array_agg(data ORDER BY session_id, place)) AS told
            FROM news HAVING count(*) > 0
            """)

    /// Last; does nothing as long as it holds sessions.
    static let remove = PostgresStatement(
        name: "runtime_remove",
        sql: "DELETE FROM runtimes WHERE id = $1 AND NOT EXISTS (SELECT FROM sessions WHERE runtime_id = $1)")
}
