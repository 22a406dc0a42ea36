/// The history of agent states as it is read. Rows are JSON or CSV made by
/// PostgreSQL and passed on as bytes.
public protocol StateHistory: Sendable {
    /// One page of rows as a JSON array.
    func page(_ query: HistoryQuery) async throws(TurngateError) -> HistoryPage
    /// The whole range of `query` (its `limit` and `after` do not count), row
    /// by row in chunks of bounded size; the CSV has a header line. What
    /// `write` throws ends it and is passed on.
    func export(
        _ query: HistoryQuery, as format: HistoryFormat, write: @Sendable ([UInt8]) async throws -> Void
    ) async throws
    /// Per state: how often, how long. `now` closes the state that lasts.
    func summary(_ id: SessionID, now: Timestamp) async throws(TurngateError) -> HistorySummary?
}

/// Which part of the history to read.
public struct HistoryQuery: Sendable, Hashable {
    /// One session, or nil for all.
    public var session: SessionID?
    /// Only sessions in this room; nil: any.
    public var room: String?
    /// Only sessions that have all of these labels.
    public var labels: [String: String]
    /// Only rows with this new state.
    public var state: AgentState?
    /// At or after.
    public var since: Timestamp?
    /// Before.
    public var until: Timestamp?
    /// Oldest first; else newest first.
    public var ascending: Bool
    /// 1…1000.
    public var limit: Int
    /// The last row of the page before.
    public var after: HistoryPosition?

    public init(
        session: SessionID? = nil, room: String? = nil, labels: [String: String] = [:], state: AgentState? = nil,
        since: Timestamp? = nil, until: Timestamp? = nil, ascending: Bool = true, limit: Int = 100,
        after: HistoryPosition? = nil
    ) {
        self.session = session
        self.room = room
        self.labels = labels
        self.state = state
        self.since = since
        self.until = until
        self.ascending = ascending
        self.limit = limit
        self.after = after
    }
}

/// A row's place in the order of the history: time, session, number.
public struct HistoryPosition: Sendable, Hashable {
    /// The row's time.
    public var at: Timestamp
    /// Sorts rows of the same microsecond.
    public var session: SessionID
    /// The row's number in its session.
    public var seq: Int64

    public init(at: Timestamp, session: SessionID, seq: Int64) {
        self.at = at
        self.session = session
        self.seq = seq
    }
}

/// A page of the history.
public struct HistoryPage: Sendable, Equatable {
    /// A JSON array, `[]` where nothing matches.
    public var rows: [UInt8]
    /// The place of the last row, when more follow.
    public var next: HistoryPosition?

    public init(rows: [UInt8], next: HistoryPosition?) {
        self.rows = rows
        self.next = next
    }
}

extension HistoryPage {
    /// Whether `query` will get this very page for ever: rows of one session are
    /// only added at its end and never change, and a full page has all there will
    /// be between its first row and its last.
    public func isPast(for query: HistoryQuery) -> Bool {
        query.session != nil && next != nil && (query.ascending || query.after != nil)
    }
}

/// How a whole range is written.
public enum HistoryFormat: Sendable, CaseIterable { case ndjson, csv }

/// A session's history in figures.
public struct HistorySummary: Sendable, Equatable {
    /// Whose figures they are.
    public var session: SessionID
    /// One entry for each state that the agent has been in, in the order of
    /// `AgentState`.
    public var states: [StateDwell]
    /// Turns that were started.
    public var turns: Int64

    public init(session: SessionID, states: [StateDwell], turns: Int64) {
        self.session = session
        self.states = states
        self.turns = turns
    }
}

/// How often and how long a session's agent was in one state. Milliseconds.
public struct StateDwell: Sendable, Equatable {
    /// The state that the figures are about.
    public var state: AgentState
    /// How often the agent stepped into it; at least 1.
    public var count: Int64
    /// All its stays together, the one that lasts included.
    public var totalMs: Double
    /// The mean stay.
    public var meanMs: Double
    /// The median stay, interpolated between the two middle ones.
    public var p50Ms: Double
    /// The stay that 95 % do not exceed, interpolated.
    public var p95Ms: Double
    /// The longest stay.
    public var maxMs: Double
    /// 0…1 of the session's time.
    public var share: Double

    public init(
        state: AgentState, count: Int64, totalMs: Double, meanMs: Double, p50Ms: Double, p95Ms: Double, maxMs: Double,
        share: Double
    ) {
        self.state = state
        self.count = count
        self.totalMs = totalMs
        self.meanMs = meanMs
        self.p50Ms = p50Ms
        self.p95Ms = p95Ms
        self.maxMs = maxMs
        self.share = share
    }
}
