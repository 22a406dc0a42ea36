/// The SQL of a `HistoryStatement`.
struct HistoryText {
    let filter: HistoryFilter
    let form: HistoryForm
    let ascending: Bool
    /// The placeholder for the number of rows.
    let limit: String
    /// What that never exceeds: a plan that is made once for all values then
    /// counts on so many rows, and not on a part of the whole history.
    let bound: Int

    func name(shape: String) -> String {
        "history_\(form.rawValue)_\(ascending ? "asc" : "desc")\(shape)_\(bound)"
    }

    /// One row more than the limit tells whether more follow.
    var sql: String {
        let parts = filter.session.map(parts(of:)) ?? partsOfAll
        return """
            WITH page AS (
                SELECT t.*, (t.at AT TIME ZONE 'UTC')::text AS shown_at, row_number() OVER way AS place\(next)
                FROM (
                    SELECT t.* FROM \(filter.source) \(filter.condition)
                    ORDER BY \(order) LIMIT \(bound + 1)
                ) AS t
                WINDOW way AS (ORDER BY \(order)) ORDER BY \(order) LIMIT \(limit)::bigint + 1
            )\(parts.session)
            SELECT \(form.whole(parts.rows)) AS rows, count(*) > \(limit) AS more, \(last("max(page.at)")) AS last_at,
                (\(last("array_agg(page.session_id)")))[1] AS last_session, \(last("max(page.seq)")) AS last_seq
            FROM page\(parts.join)
            """
    }

    private typealias Parts = (session: String, rows: String, join: String)

    /// What all rows begin with is written once and stands between the rows. They
    /// are put together as they come out of `page`, which is in order.
    private func parts(of session: (id: String, text: String)) -> Parts {
        let head = "(SELECT head FROM session)"
        let rest = form.rest(end: end("(SELECT ended_at FROM session)"))
        return (
            session: """
            , session AS MATERIALIZED (
                SELECT ended_at, \(form.head(id: session.text)) AS head FROM sessions WHERE id = \(session.id)
            )
            """,
            rows: "\(head) || \(shown("string_agg(\(rest), \(form.separator) || \(head))"))", join: ""
        )
    }

    /// Many rows are of few sessions, each of which is looked up once.
    private var partsOfAll: Parts {
        let rest = form.rest(end: end("session.ended_at"))
        return (
            session: """
            , session AS MATERIALIZED (
                SELECT id, ended_at, \(form.head(id: "turngate_id('ses', sessions.id)")) AS head
                FROM sessions WHERE id = ANY (ARRAY(SELECT DISTINCT session_id FROM page))
            )
            """,
            rows: shown("string_agg(session.head || \(rest), \(form.separator) ORDER BY place)"),
            join: " JOIN session ON session.id = page.session_id"
        )
    }

    /// Within one session the numbers order the rows as (at, session, seq)
    /// would, and the primary key finds them.
    private var order: String {
        let columns = filter.session == nil ? ["t.at", "t.session_id", "t.seq"] : ["t.seq"]
        return columns.map { "\($0) \(ascending ? "ASC" : "DESC")" }.joined(separator: ", ")
    }

    /// When the following state of the session began, where that row is at hand.
    private var next: String {
        filter.isWithoutGaps ? ", \(ascending ? "lead" : "lag")(t.at) OVER way AS next_at" : ""
    }

    private func end(_ ended: String) -> String {
        """
        coalesce(\(filter.isWithoutGaps ? "page.next_at, " : "")(
                    SELECT following.at FROM agent_state_transitions AS following
                    WHERE following.session_id = page.session_id AND following.seq = page.seq + 1
                ), \(ended))
        """
    }

    private func shown(_ aggregate: String) -> String { "\(aggregate) FILTER (WHERE place <= \(limit))" }

    private func last(_ aggregate: String) -> String { "\(aggregate) FILTER (WHERE place = \(limit))" }
}
