import Domain
import Postgres

/// The conditions of a history query in SQL, with their values.
struct HistoryFilter {
    private(set) var values: [PostgresValue] = []
    /// The SQL for a row's session id as the API shows it.
    private(set) var sessionText = "turngate_id('ses', page.session_id)"
    let isOfOneSession: Bool
    private var conditions: [String] = []
    private var marks = ""
    private var isPreparable = true

    init(_ query: HistoryQuery, after: HistoryPosition?) throws(TurngateError) {
        isOfOneSession = query.session != nil
        if let session = query.session {
            add(.id(session), "_session") { "t.session_id = \($0)" }
            // Once for all rows instead of once for each.
            values.append(.text(session.description))
            sessionText = "$\(values.count)::text"
        }
        if let state = query.state { add(.text(state.rawValue), "_state") { "t.new_state = \($0)" } }
        if let since = query.since { add(.time(since), "_since") { "t.at >= \($0)" } }
        if let until = query.until { add(.time(until), "_until") { "t.at < \($0)" } }
        if let after { continueAfter(after, ascending: query.ascending) }
        // Rooms and labels are frequent or rare, which only a plan for the
        // very values can take into account: those stay unprepared.
        isPreparable = query.room == nil && query.labels.isEmpty
        if let room = query.room { add(.text(room)) { "s.room = \($0)" } }
        if !query.labels.isEmpty { add(try .encoded(query.labels)) { "s.labels @> \($0)::jsonb" } }
    }

    var condition: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

    /// Tells the combination of conditions; nil where the statement is not to
    /// be prepared.
    var shape: String? { isPreparable ? marks : nil }

    private mutating func add(_ value: PostgresValue, _ mark: String = "", _ condition: (String) -> String) {
        values.append(value)
        conditions.append(condition("$\(values.count)"))
        marks += mark
    }

    /// Within one session the numbers order the rows as (at, session, seq)
    /// would, and the primary key finds them.
    private mutating func continueAfter(_ position: HistoryPosition, ascending: Bool) {
        let sign = ascending ? ">" : "<"
        guard !isOfOneSession else {
            add(.int64(position.seq), "_after") { "t.seq \(sign) \($0)" }
            return
        }
        values += [.time(position.at), .id(position.session)]
        let (at, session) = ("$\(values.count - 1)", "$\(values.count)")
        add(.int64(position.seq), "_after") { "(t.at, t.session_id, t.seq) \(sign) (\(at), \(session), \($0))" }
    }
}
