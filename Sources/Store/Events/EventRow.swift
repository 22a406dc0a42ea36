import Domain
import Postgres

/// An event on its way into the table: with the id that it keeps, however
/// often it is written.
struct EventRow: Sendable {
    let id: EventID
    let sessionID: SessionID
    let type: EventType
    let at: Timestamp
    let traceparent: String?
    /// A JSON object on one line.
    let data: [UInt8]

    /// The most that an event's data may hold: a stream's buffer takes more than
    /// one of them.
    static let dataBytes = 524_288

    /// What an event holds beside its data, by estimate.
    private static let lumpSum = 200

    /// Under the trace that is in force.
    init(_ draft: EventDraft, about session: SessionID) {
        id = EventID(at: draft.at)
        sessionID = session
        type = draft.type
        at = draft.at
        traceparent = TraceContext.current?.traceparent
        data = Self.kept(draft.data)
    }

    /// The events that come of `news`.
    static func rows(of news: SessionNews, about session: SessionID, as encoding: any EventEncoding) -> [EventRow] {
        encoding.events(of: news).map { EventRow($0, about: session) }
    }

    /// About how many bytes this holds and sends.
    var estimatedBytes: Int { Self.lumpSum + data.count }

    /// The arguments of `EventStatements.add`.
    static func values(_ rows: [EventRow]) -> [PostgresValue] {
        [
            .uuidArray(rows.map(\.id.uuid)), .uuidArray(rows.map(\.sessionID.uuid)),
            .textArray(rows.map(\.type.rawValue)), .times(rows.map(\.at)), .textArray(rows.map(\.traceparent)),
            .jsonArray(rows.map(\.data)),
        ]
    }

    /// Line breaks can only stand between the tokens of a JSON text, as a caller's
    /// metadata has them: spaces say the same. What is too long for any reader is
    /// not told, and never a reason to lose what it is about.
    private static func kept(_ data: [UInt8]) -> [UInt8] {
        guard data.count <= dataBytes else { return Array("{\"omitted\":true,\"bytes\":\(data.count)}".utf8) }
        guard data.contains(where: isBreak) else { return data }
        return data.map { isBreak($0) ? UInt8(ascii: " ") : $0 }
    }

    private static func isBreak(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
}
