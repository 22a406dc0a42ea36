import Domain
import Postgres

/// The statement that reads a piece of the history: one text for each
/// combination of filters, so that each is planned for what it really looks
/// for. Returns one row: `rows` (the text), `more`, and the place of the last
/// row that is in the text (`last_at`, `last_session`, `last_seq`).
struct HistoryStatement {
    let statement: PostgresStatement
    let values: [PostgresValue]

    /// At most `limit` rows of `query` after `after`.
    init(
        _ query: HistoryQuery, as form: HistoryForm, limit: Int, after: HistoryPosition?
    ) throws(TurngateError) {
        let filter = try HistoryFilter(query, after: after)
        let limitPlace = "$\(filter.values.count + 1)"
        values = filter.values + [.int(limit)]
        let sql = Self.sql(filter, form, limit: limitPlace, ascending: query.ascending)
        statement =
            filter.shape.map {
                PostgresStatement(name: "history_\(form.rawValue)_\(query.ascending ? "asc" : "desc")\($0)", sql: sql)
            } ?? .unnamed(sql)
    }

    private static func sql(_ filter: HistoryFilter, _ form: HistoryForm, limit: String, ascending: Bool) -> String {
        let direction = ascending ? "ASC" : "DESC"
        let order = { (table: String) in
            filter.isOfOneSession
                ? "\(table).seq \(direction)"
                : "\(table).at \(direction), \(table).session_id \(direction), \(table).seq \(direction)"
        }
        let whole = form.whole { "string_agg(line, \($0) ORDER BY place) FILTER (WHERE place <= \(limit))" }
        let last = { (column: String) in "(array_agg(\(column)) FILTER (WHERE place = \(limit)))[1] AS last_\(column)" }
        return """
            WITH page AS (
                SELECT t.*, s.room, s.ended_at
                FROM agent_state_transitions AS t JOIN sessions AS s ON s.id = t.session_id
                \(filter.condition) ORDER BY \(order("t")) LIMIT \(limit)::bigint + 1
            ), lines AS (
                SELECT page.session_id AS session, page.seq, page.at, row_number() OVER (ORDER BY \(order("page"))) AS place,
                    \(form.line(session: filter.sessionText)) AS line
                FROM page LEFT JOIN agent_state_transitions AS following
                    ON following.session_id = page.session_id AND following.seq = page.seq + 1
            )
            SELECT \(whole) AS rows, count(*) > \(limit) AS more, \(last("at")), \(last("session")), \(last("seq"))
            FROM lines
            """
    }
}
