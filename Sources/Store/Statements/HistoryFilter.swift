import Domain
import Postgres

/// The conditions of a history query in SQL, with their values.
struct HistoryFilter {
    private(set) var values: [PostgresValue] = []
    /// The SQL for the one session's id, and for the same as the API shows it; nil
    /// where the query is about all sessions.
    private(set) var session: (id: String, text: String)?
    /// Whether a row of `page` is followed by the one after it in its session.
    let isWithoutGaps: Bool
    private var conditions: [String] = []
    private var marks = ""
    private var asksSessions = false

    init(_ query: HistoryQuery, after: HistoryPosition?) throws(TurngateError) {
        isWithoutGaps = query.session != nil && query.state == nil
        if let session = query.session {
            add(.id(session), "_session") { "t.session_id = \($0)" }
            let id = "$\(values.count)"
            values.append(.text(session.description))
            self.session = (id, "$\(values.count)::text")
        }
        if let state = query.state { add(.text(state.rawValue), "_state") { "t.new_state = \($0)" } }
        if let since = query.since { add(.time(since), "_since") { "t.at >= \($0)" } }
        if let until = query.until { add(.time(until), "_until") { "t.at < \($0)" } }
        if let after { continueAfter(after, ascending: query.ascending) }
        // Rooms and labels are frequent or rare, which only a plan for the
        // very values can take into account: those stay unprepared.
        asksSessions = query.room != nil || !query.labels.isEmpty
        if let room = query.room { add(.text(room)) { "s.room = \($0)" } }
        if !query.labels.isEmpty { add(try .encoded(query.labels)) { "s.labels @> \($0)::jsonb" } }
    }

    /// The tables that the conditions are about.
    var source: String {
        "agent_state_transitions AS t" + (asksSessions ? " JOIN sessions AS s ON s.id = t.session_id" : "")
    }

    var condition: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

    /// Tells the combination of conditions; nil where the statement is not to
    /// be prepared.
    var shape: String? { asksSessions ? nil : marks }

    private mutating func add(_ value: PostgresValue, _ mark: String = "", _ condition: (String) -> String) {
        values.append(value)
        conditions.append(condition("$\(values.count)"))
        marks += mark
    }

    /// Within one session the numbers order the rows as (at, session, seq)
    /// would, and the primary key finds them.
    private mutating func continueAfter(_ position: HistoryPosition, ascending: Bool) {
        let sign = ascending ? ">" : "<"
        guard session == nil else {
            add(.int64(position.seq), "_after") { "t.seq \(sign) \($0)" }
            return
        }
        values += [.time(position.at), .id(position.session)]
        let (at, session) = ("$\(values.count - 1)", "$\(values.count)")
        add(.int64(position.seq), "_after") { "(t.at, t.session_id, t.seq) \(sign) (\(at), \(session), \($0))" }
    }
}
