import Postgres

/// The statements about turns.
enum TurnStatements {
    /// Part of a journal batch; columns come as arrays, one element for each
    /// row, and it may run again on what it has written already. In the order
    /// of the epochs, so that one turn's end makes way for the next one's start
    /// of the same batch. Where the store knows more already, nothing is
    /// written; a turn that is there under another number, or is somebody
    /// else's, runs into the guard of the table.
    static let write = PostgresStatement(
        name: "journal_turns",
        sql: """
            INSERT INTO turns AS t (
                id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at, start_cause,
                start_actor, pre_roll_ms, audio_ms, speech_ms, dropped_frames)
            SELECT id, session_id, epoch, holder, status, outcome, end_reason, started_at,
                CASE WHEN ended_at IS NOT NULL THEN greatest(ended_at, started_at) END, start_cause, start_actor,
                pre_roll_ms, audio_ms, speech_ms, dropped_frames
            FROM unnest(
                $1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::bigint[], $13::bigint[],
                $14::bigint[], $15::bigint[]
            ) AS given (id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at, start_cause,
                start_actor, pre_roll_ms, audio_ms, speech_ms, dropped_frames)
            ORDER BY epoch
            ON CONFLICT (id) DO UPDATE SET
                session_id = excluded.session_id, epoch = excluded.epoch, holder = excluded.holder,
                status = excluded.status, outcome = excluded.outcome, end_reason = excluded.end_reason,
                started_at = excluded.started_at, ended_at = excluded.ended_at, start_cause = excluded.start_cause,
                start_actor = excluded.start_actor, pre_roll_ms = excluded.pre_roll_ms,
                audio_ms = excluded.audio_ms, speech_ms = excluded.speech_ms,
                dropped_frames = excluded.dropped_frames
            WHERE t.status <> 'ended' AND turns_stage(excluded.status) >= turns_stage(t.status)
            """)

    /// Newest first. `$3` is where to go on, `$4` the outcome; NULL for any.
    static let list = PostgresStatement(
        name: "turn_list",
        sql: select(
            """
            WHERE session_id = $1 AND id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                AND ($4::text IS NULL OR outcome = $4)
            ORDER BY id DESC LIMIT $2
            """))

    static let one = PostgresStatement(name: "turn_one", sql: select("WHERE session_id = $1 AND id = $2"))

    private static func select(_ rest: String) -> String {
        """
        SELECT id, session_id, epoch, holder, status, outcome, end_reason, started_at, ended_at, start_cause,
            start_actor, pre_roll_ms, audio_ms, speech_ms, dropped_frames
        FROM turns \(rest)
        """
    }
}
