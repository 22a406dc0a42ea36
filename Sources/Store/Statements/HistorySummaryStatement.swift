import Postgres

/// The statement of a session's summary.
enum HistorySummaryStatement {
    /// One row for each state that the agent has been in; none where there is
    /// no such session. `$2` closes the state that lasts; `turns` are those
    /// that were started.
    static let summary = PostgresStatement(
        name: "history_summary",
        sql: """
            WITH steps AS (
                SELECT t.new_state AS state,
                    turngate_ms(t.at, coalesce(lead(t.at) OVER (ORDER BY t.seq), s.ended_at, $2::timestamptz)) AS ms
                FROM agent_state_transitions AS t JOIN sessions AS s ON s.id = t.session_id
                WHERE t.session_id = $1
            ), session AS (
                SELECT sum(ms) AS ms, (SELECT count(*) FROM turns WHERE session_id = $1) AS turns FROM steps
            )
            SELECT steps.state, session.turns, count(*) AS count,
                sum(steps.ms)::float8 AS total_ms,
                avg(steps.ms)::float8 AS mean_ms,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY steps.ms::float8) AS p50_ms,
                percentile_cont(0.95) WITHIN GROUP (ORDER BY steps.ms::float8) AS p95_ms,
                max(steps.ms)::float8 AS max_ms,
                coalesce(sum(steps.ms) / nullif(session.ms, 0), 0)::float8 AS share
            FROM steps CROSS JOIN session
            GROUP BY steps.state, session.ms, session.turns
            """)
}
