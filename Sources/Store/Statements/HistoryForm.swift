import Domain

/// How PostgreSQL writes history rows down: as a page's JSON array, or as a
/// piece of an export.
///
/// A row is a text that is put together out of pieces, which takes a third of
/// the time that `row_to_json` takes. What may need to be escaped goes through
/// `to_json` or `turngate_csv`; all other values are words and numbers.
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

    /// The SQL for what the rows of one session begin with, out of `sessions`.
    /// `id` is the SQL for the session's id as the API shows it.
    func head(id: String) -> String {
        switch self {
        case .page, .ndjson:
            #"'{"session_id":"' || \#(id) || '","room":' || to_json(sessions.room)::text || ',"seq":'"#
        case .csv: "\(id) || ',' || turngate_csv(sessions.room) || ','"
        }
    }

    /// The SQL for the rest of a row out of `page`; `end` is the SQL for the
    /// moment when the row's state ended.
    func rest(end: String) -> String {
        switch self {
        // A colon before a word would be a variable in a script of pgbench.
        case .page, .ndjson:
            #"""
            page.seq || ',"old_state":' || coalesce('"' || page.old_state || '","new_state":"', 'null,"new_state":"')
                || page.new_state || '","at":"' || \#(Self.time)
                || '","dwell_ms":' || coalesce(\#(Self.dwell(until: end)), 'null')
                || ',"cause":"' || page.cause || '","actor":' || coalesce(to_json(page.actor)::text, 'null')
                || CASE
                    WHEN page.turn_id IS NULL AND page.reason IS NULL
                    THEN ',"turn_id":' || 'null,"reason":' || 'null}'
                    ELSE ',"turn_id":' || coalesce('"' || \#(Self.turn) || '"', 'null')
                        || ',"reason":' || coalesce(to_json(page.reason)::text, 'null') || '}'
                END
            """#
        case .csv:
            """
            page.seq || ',' || coalesce(page.old_state, '') || ',' || page.new_state || ',' || \(Self.time)
                || ',' || coalesce(\(Self.dwell(until: end)), '') || ',' || page.cause || ','
                || turngate_csv(page.actor) || ',' || coalesce(\(Self.turn), '') || ',' || turngate_csv(page.reason)
            """
        }
    }

    /// The SQL of what stands between two rows.
    var separator: String {
        switch self {
        case .page: "','"
        case .ndjson: #"E'\n'"#
        case .csv: #"E'\r\n'"#
        }
    }

    /// The SQL for the whole text; `rows` is the SQL for all rows with separators
    /// between them, NULL where there are none.
    func whole(_ rows: String) -> String {
        switch self {
        case .page: "'[' || coalesce(\(rows), '') || ']'"
        case .ndjson, .csv: "coalesce(\(rows) || \(separator), '')"
        }
    }

    private static let turn = "turngate_id('turn', page.turn_id)"

    /// As `turngate_time` has it. PostgreSQL's own text, in half the time, has six
    /// digits behind the point unless the last one is a zero.
    private static let time = """
        CASE octet_length(page.shown_at)
            WHEN 26 THEN replace(page.shown_at, ' ', 'T') || 'Z' ELSE turngate_time(page.at)
        END
        """

    /// As `turngate_ms` has it. Whole microseconds, so that the quotient is the
    /// number nearest to the decimal fraction, and its shortest text is just that.
    /// `float8larger`, since `greatest` does not pass on a NULL.
    private static func dwell(until end: String) -> String {
        "(round(float8larger(date_part('epoch', \(end) - page.at), 0) * 1000000) / 1000)::text"
    }
}
