import Domain
import Postgres

/// The statement of a session list: one text for each combination of filters,
/// so that each is planned for what it really looks for. Reads one session
/// more than asked for, to know whether there are more.
struct SessionListStatement {
    let statement: PostgresStatement
    private(set) var values: [PostgresValue] = []

    init(_ query: SessionQuery) throws(TurngateError) {
        var filters: [String] = []
        var shape = ""
        if let room = query.room {
            values.append(.text(room))
            filters.append("room = $\(values.count)")
            shape += "_room"
        }
        if let before = query.before {
            values.append(.id(before))
            filters.append("id < $\(values.count)")
            shape += "_before"
        }
        if !query.labels.isEmpty {
            values.append(try .encoded(query.labels))
            filters.append("labels @> $\(values.count)::jsonb")
        }
        values.append(.int(query.limit + 1))
        let limit = "$\(values.count)"
        if !query.statuses.isEmpty {
            values.append(.textArray(Set(query.statuses).map(\.rawValue)))
            shape += "_status"
        }
        let sql = Self.sql(filters: filters, limit: limit, statuses: query.statuses.isEmpty ? nil : "$\(values.count)")
        // Labels are frequent or rare, which only a plan for the very values
        // can take into account: those stay unprepared.
        statement = query.labels.isEmpty ? PostgresStatement(name: "session_list\(shape)", sql: sql) : .unnamed(sql)
    }

    private static func sql(filters: [String], limit: String, statuses: String?) -> String {
        SessionStatements.select(from: "(\(page(filters, limit, statuses))) AS s", rest: "ORDER BY s.id DESC")
    }

    /// With statuses, the newest of each one by its index, and of these the
    /// newest. The two comparisons stand for `=`: with that the planner would
    /// walk the primary key and drop what has another status, which never ends
    /// when few have the one wanted.
    private static func page(_ filters: [String], _ limit: String, _ statuses: String?) -> String {
        guard let statuses else { return newest(filters, limit, order: "id DESC") }
        let ofStatus = ["status >= wanted.status", "status <= wanted.status"]
        return """
            SELECT one.* FROM unnest(\(statuses)::text[]) AS wanted (status)
            CROSS JOIN LATERAL (\(newest(ofStatus + filters, limit, order: "status DESC, id DESC"))) AS one
            ORDER BY one.id DESC LIMIT \(limit)
            """
    }

    private static func newest(_ filters: [String], _ limit: String, order: String) -> String {
        let condition = filters.isEmpty ? "" : "WHERE " + filters.joined(separator: " AND ")
        return "SELECT * FROM sessions \(condition) ORDER BY \(order) LIMIT \(limit)"
    }
}
