import Postgres

/// The statements about incidents.
enum IncidentStatements {
    /// Part of a journal batch; columns come as arrays, one element for each
    /// row. A row that is there already and the same stays as it is; one that
    /// is there and says something else runs into the guard against changes.
    static let write = PostgresStatement(
        name: "journal_incidents",
        sql: """
            INSERT INTO incidents AS i (session_id, seq, at, finding, participant, turn_id, detail, healed)
            SELECT * FROM unnest(
                $1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::text[],
                $8::boolean[])
            ON CONFLICT (session_id, seq) DO UPDATE SET at = excluded.at
            WHERE (i.at, i.finding, i.participant, i.turn_id, i.detail, i.healed)
                IS DISTINCT FROM (excluded.at, excluded.finding, excluded.participant, excluded.turn_id,
                    excluded.detail, excluded.healed)
            """)

    /// Newest first. `$3` is where to go on; NULL for the newest.
    static let list = PostgresStatement(
        name: "incident_list",
        sql: """
            SELECT session_id, seq, at, finding, participant, turn_id, detail, healed
            FROM incidents WHERE session_id = $1 AND seq < coalesce($3::bigint, 9223372036854775807)
            ORDER BY seq DESC LIMIT $2
            """)
}
