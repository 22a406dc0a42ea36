import Postgres

/// What a journal batch is made of; columns come as arrays, one element for
/// each row. Every one may run again on what it has written already: after a
/// lost COMMIT reply nobody knows whether it was.
enum JournalStatements {
    static let open = PostgresStatement(
        name: "journal_open", sql: "SELECT sessions_open_to_journal($1::uuid[])")

    /// A row that is there already and the same stays as it is; one that is
    /// there and says something else runs into the guard against changes.
    static let transitions = PostgresStatement(
        name: "journal_transitions",
        sql: """
            INSERT INTO agent_state_transitions AS t (
                session_id, seq, at, old_state, new_state, cause, actor, reason, turn_id)
            SELECT * FROM unnest(
                $1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::uuid[])
            ON CONFLICT (session_id, seq) DO UPDATE SET at = excluded.at
            WHERE (t.at, t.old_state, t.new_state, t.cause, t.actor, t.reason, t.turn_id)
                IS DISTINCT FROM (excluded.at, excluded.old_state, excluded.new_state, excluded.cause,
                    excluded.actor, excluded.reason, excluded.turn_id)
            """)

    /// When the states began that the given transitions (session, seq) left.
    static let predecessors = PostgresStatement(
        name: "journal_predecessors",
        sql: """
            SELECT given.session_id, given.seq, earlier.at
            FROM unnest($1::uuid[], $2::bigint[]) AS given (session_id, seq)
            JOIN LATERAL (
                SELECT at FROM agent_state_transitions
                WHERE session_id = given.session_id AND seq = given.seq - 1 OFFSET 0
            ) AS earlier ON true
            """)

    /// Counts only grow; a method that is gone meanwhile is no loss.
    static let usage = PostgresStatement(
        name: "journal_usage",
        sql: """
            UPDATE rpc_methods AS m SET
                calls = given.calls, errors = given.errors, total_latency_ms = given.total_latency_ms,
                max_latency_ms = given.max_latency_ms, last_called_at = given.last_called_at
            FROM unnest(
                $1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::float8[], $6::float8[], $7::timestamptz[]
            ) AS given (session_id, name, calls, errors, total_latency_ms, max_latency_ms, last_called_at)
            WHERE m.session_id = given.session_id AND m.name = given.name AND m.calls < given.calls
            """)

    static let notifications = PostgresStatement(
        name: "journal_notifications",
        sql: """
            INSERT INTO turn_notifications (
                id, session_id, method, trigger, agent_state_seq, created_at, completed_at)
            SELECT id, session_id, method, trigger, agent_state_seq, created_at, greatest(completed_at, created_at)
            FROM unnest(
                $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[]
            ) AS given (id, session_id, method, trigger, agent_state_seq, created_at, completed_at)
            ON CONFLICT (id) DO UPDATE SET completed_at = excluded.completed_at
            WHERE turn_notifications.completed_at <> excluded.completed_at
            """)

    static let recipients = PostgresStatement(
        name: "journal_recipients",
        sql: """
            INSERT INTO turn_notification_recipients AS r (
                notification_id, position, identity, outcome, response, error_code, error_message, error_data,
                latency_us)
            SELECT * FROM unnest(
                $1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
                $9::bigint[])
            ON CONFLICT (notification_id, position) DO UPDATE SET
                outcome = excluded.outcome, response = excluded.response, error_code = excluded.error_code,
                error_message = excluded.error_message, error_data = excluded.error_data,
                latency_us = excluded.latency_us
            WHERE (r.outcome, r.response, r.error_code, r.error_message, r.error_data, r.latency_us)
                IS DISTINCT FROM (excluded.outcome, excluded.response, excluded.error_code,
                    excluded.error_message, excluded.error_data, excluded.latency_us)
            """)

    /// What is known stays known; times are put in order, since a wall clock
    /// that ran backwards must not keep a session from ending. Where nothing
    /// is new, or the store knows more already, nothing is written: part of a
    /// batch may come again after all of it was written. A second end that says
    /// something else the guard of the table refuses.
    static let progress = PostgresStatement(
        name: "journal_progress",
        sql: """
            UPDATE sessions AS s SET
                status = given.status, room_sid = next.room_sid, agent_sid = next.agent_sid,
                activated_at = next.activated_at, ended_at = next.ended_at, end_reason = given.end_reason,
                end_detail = given.end_detail, runtime_id = next.runtime_id
            FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[],
                $8::text[]
            ) AS given (id, status, room_sid, agent_sid, activated_at, ended_at, end_reason, end_detail)
            JOIN sessions AS old ON old.id = given.id
            CROSS JOIN LATERAL (
                SELECT coalesce(old.activated_at, CASE
                    WHEN given.activated_at IS NOT NULL THEN greatest(given.activated_at, old.created_at)
                END) AS activated_at
            ) AS life
            CROSS JOIN LATERAL (
                SELECT coalesce(given.room_sid, old.room_sid) AS room_sid,
                    coalesce(given.agent_sid, old.agent_sid) AS agent_sid, life.activated_at,
                    CASE WHEN given.ended_at IS NOT NULL
                        THEN greatest(given.ended_at, old.created_at, life.activated_at)
                    END AS ended_at,
                    CASE WHEN given.status NOT IN ('ended', 'failed') THEN old.runtime_id END AS runtime_id
            ) AS next
            WHERE s.id = given.id AND sessions_stage(given.status) >= sessions_stage(old.status)
                AND (s.status, s.room_sid, s.agent_sid, s.activated_at, s.ended_at, s.end_reason, s.end_detail)
                    IS DISTINCT FROM (given.status, next.room_sid, next.agent_sid, next.activated_at, next.ended_at,
                        given.end_reason, given.end_detail)
            """)
}
