/// The events as PostgreSQL has them: all that were ever told, in the order of
/// their commits. Every call throws `storeUnavailable` when PostgreSQL does not
/// answer within its bound.
public protocol EventLog: Sendable {
    /// Events in their order. May be fewer than the query's `limit` although more
    /// follow, as an answer's bytes are bounded too; none follow when it is empty,
    /// or, for a query without types, has fewer than `limit` and less than
    /// `EventQuery.wholeBytes` of JSON.
    func events(_ query: EventQuery) async throws(TurngateError) -> [StoredEvent]
    /// Where an event stands; nil when there is none of this id, or not within `scope`.
    func position(of event: EventID, in scope: EventScope) async throws(TurngateError) -> Int64?
    /// Where the newest event stands; 0 when there is none.
    func lastPosition() async throws(TurngateError) -> Int64
}

/// Whose events.
public enum EventScope: Sendable, Hashable {
    case everything
    case room(String)
    case session(SessionID)
}

/// Which events to read.
public struct EventQuery: Sendable, Equatable {
    /// The largest `limit`.
    public static let longest = 1000
    /// No answer to a query without types is cut short below so many bytes of JSON.
    public static let wholeBytes = 1 << 20

    /// Whose.
    public var scope: EventScope
    /// Of these types; empty: of any.
    public var types: [EventType]
    /// Only events that stand after this position; 0: from the first on.
    public var after: Int64
    /// Only events that stand at or before this position; nil: no bound.
    public var upTo: Int64?
    /// 1…1000.
    public var limit: Int

    public init(
        scope: EventScope, types: [EventType] = [], after: Int64 = 0, upTo: Int64? = nil, limit: Int = 1000
    ) {
        self.scope = scope
        self.types = types
        self.after = after
        self.upTo = upTo
        self.limit = limit
    }
}

/// An event as it was written down.
public struct StoredEvent: Sendable, Equatable {
    /// Its place among all events: in the order of the commits, with gaps. No
    /// event ever comes to stand before one that could be read already.
    public var position: Int64
    /// `evt_…`
    public var id: EventID
    /// What it is called.
    public var type: EventType
    /// The session it belongs to.
    public var sessionID: SessionID
    /// That session's room.
    public var room: String
    /// The whole envelope, a JSON object on one line: `id`, `type`,
    /// `session_id`, `room`, `seq` (from 1 in its session, without gaps), `at`,
    /// `trace_id`, `data`.
    public var json: [UInt8]

    public init(
        position: Int64, id: EventID, type: EventType, sessionID: SessionID, room: String, json: [UInt8]
    ) {
        self.position = position
        self.id = id
        self.type = type
        self.sessionID = sessionID
        self.room = room
        self.json = json
    }
}
