import Domain
import Postgres

/// The statements about events.
enum EventStatements {
    /// The last of each transaction that makes events: whoever runs it keeps all
    /// others from numbering theirs until it has committed.
    static let add = PostgresStatement(name: "events_add", sql: "SELECT \(add(from: 1))")

    /// The same for a session's first events: of a session `$7` that has some
    /// already they are not told again.
    static let begin = PostgresStatement(
        name: "events_begin",
        sql: "SELECT \(add(from: 1)) WHERE NOT EXISTS (SELECT FROM events WHERE session_id = $7)")

    /// The call for the placeholders from `first` on, which `EventRow.values` fill.
    static func add(from first: Int) -> String {
        let types = ["uuid", "uuid", "text", "timestamptz", "text", "json"]
        let arguments = types.enumerated().map { "$\(first + $0)::\($1)[]" }
        return "events_add(\(arguments.joined(separator: ", ")))"
    }

    static let everything = page(name: "events_all", scope: nil)
    static let room = page(name: "events_room", scope: "room = $6::text")
    static let session = page(name: "events_session", scope: "session_id = $6::uuid")

    /// Where an event stands. `$2` is its room, `$3` its session; NULL for any.
    static let position = PostgresStatement(
        name: "event_position",
        sql: """
            SELECT position FROM events
            WHERE id = $1 AND room = coalesce($2::text, room) AND session_id = coalesce($3::uuid, session_id)
            """)

    static let last = PostgresStatement(
        name: "event_last", sql: "SELECT coalesce(max(position), 0) AS position FROM events")

    /// Events after `$1` and up to `$2`, of the types `$3`: `$4` of them at most,
    /// and as many as fit into `$5` bytes, one at least. Only they are made into
    /// envelopes.
    private static func page(name: String, scope: String?) -> PostgresStatement {
        PostgresStatement(
            name: name,
            sql: """
                SELECT (e).position, (e).id, (e).type, (e).session_id, (e).room, events_envelope(e) AS json
                FROM (
                    SELECT e, octet_length((e).data::text) AS bytes,
                        sum(octet_length((e).data::text)) OVER (ORDER BY (e).position) AS total
                    FROM (
                        SELECT e FROM events AS e
                        WHERE position > $1::bigint AND position <= $2::bigint AND type = ANY ($3::text[])
                            \(scope.map { "AND " + $0 } ?? "")
                        ORDER BY position LIMIT $4
                    ) AS found
                ) AS measured
                WHERE total - bytes < $5::bigint
                ORDER BY (e).position
                """)
    }
}
