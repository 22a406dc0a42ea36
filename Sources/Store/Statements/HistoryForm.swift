import Domain

/// How PostgreSQL writes history rows down: as a page's JSON array, or as a
/// piece of an export.
enum HistoryForm: String {
    case page, ndjson, csv

    init(_ format: HistoryFormat) {
        self =
            switch format {
            case .ndjson: .ndjson
            case .csv: .csv
            }
    }

    /// The first line of an export.
    var header: String {
        self == .csv ? "session_id,room,seq,old_state,new_state,at,dwell_ms,cause,actor,turn_id,reason\r\n" : ""
    }

    /// The SQL for one row out of `page` and `following`, the row after it.
    /// `session` is the SQL for the session's id as text.
    func line(session: String) -> String {
        switch self {
        case .page, .ndjson: "(SELECT row_to_json(shown)::text FROM (\(Self.fields(session))) AS shown)"
        case .csv:
            """
            concat_ws(',', \(session), turngate_csv(page.room), page.seq, coalesce(page.old_state, ''), page.new_state,
                turngate_time(page.at), coalesce(\(Self.dwell)::text, ''), page.cause, turngate_csv(page.actor),
                coalesce(\(Self.turn), ''), turngate_csv(page.reason))
            """
        }
    }

    /// The SQL that puts lines together; `lines` is their aggregate's argument
    /// and order for a given separator.
    func whole(_ lines: (_ separator: String) -> String) -> String {
        switch self {
        case .page: "'[' || coalesce(\(lines("','")), '') || ']'"
        case .ndjson: "coalesce(\(lines("E'\\n'")) || E'\\n', '')"
        case .csv: "coalesce(\(lines("E'\\r\\n'")) || E'\\r\\n', '')"
        }
    }

    private static let turn = "turngate_id('turn', page.turn_id)"
    private static let dwell = "turngate_ms(page.at, coalesce(following.at, page.ended_at))"

    /// A row's fields in the API's order.
    private static func fields(_ session: String) -> String {
        """
        SELECT \(session) AS session_id, page.room, page.seq, page.old_state, page.new_state,
            turngate_time(page.at) AS at, \(dwell) AS dwell_ms, page.cause, page.actor,
            \(turn) AS turn_id, page.reason
        """
    }
}
