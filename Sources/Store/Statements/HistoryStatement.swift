import Domain
import Postgres
import Synchronization

/// The statement that reads a piece of the history: one text for each
/// combination of filters, so that each is planned for what it really looks
/// for. Returns one row: `rows` (the text), `more`, and the place of the last
/// row that is in the text (`last_at`, `last_session`, `last_seq`).
struct HistoryStatement {
    let statement: PostgresStatement
    let values: [PostgresValue]

    /// Those that are prepared, by their names; as many as there are combinations
    /// of filters.
    private static let prepared = Mutex<[String: PostgresStatement]>([:])

    /// At most `limit` rows of `query` after `after`.
    init(
        _ query: HistoryQuery, as form: HistoryForm, limit: Int, after: HistoryPosition?
    ) throws(TurngateError) {
        let filter = try HistoryFilter(query, after: after)
        values = filter.values + [.int(limit)]
        let text = HistoryText(
            filter: filter, form: form, ascending: query.ascending, limit: "$\(filter.values.count + 1)",
            bound: filter.shape == nil ? limit : max(1000, limit))
        statement =
            filter.shape.map {
                Self.statement(named: text.name(shape: $0), text, isShort: form == .page && query.isShort)
            } ?? .unnamed(text.sql)
    }

    /// The text is put together once only: it takes longer than all the rest.
    private static func statement(named name: String, _ text: HistoryText, isShort: Bool) -> PostgresStatement {
        prepared.withLock { prepared in
            if let known = prepared[name] { return known }
            let statement = PostgresStatement(name: name, sql: text.sql, isShortRead: isShort)
            prepared[name] = statement
            return statement
        }
    }
}

extension HistoryQuery {
    /// Whether the rows of a page stand one behind the other, so that no more are
    /// read than are shown.
    fileprivate var isShort: Bool { session != nil && state == nil && since == nil && until == nil }
}
