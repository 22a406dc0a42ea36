/// What can be done with sessions: the port that ControlAPI drives and
/// AgentRuntime implements. `actor` is the API key's name.
public protocol SessionControl: Sendable {
    /// Makes a session and sends its agent into the room. Returns when the
    /// agent is there (`active`) or `wait` is over (`connecting`); throws
    /// `roomUnreachable` or `roomTokenRefused` when it could not get there.
    func create(_ spec: SessionSpec, actor: String?, wait: Duration) async throws(TurngateError) -> Session
    func session(_ id: SessionID) async throws(TurngateError) -> Session
    /// Newest first; live ones as they stand this moment.
    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage
    func update(_ id: SessionID, with patch: SessionPatch, actor: String?) async throws(TurngateError) -> Session
    /// The agent leaves; a session that has ended already is returned as it
    /// is. `ending` in the answer means that the end is not durable yet.
    func end(_ id: SessionID, actor: String?) async throws(TurngateError) -> Session

    /// Says what the agent does.
    func setAgentState(
        _ id: SessionID, to state: AgentState, reason: String?, actor: String?
    ) async throws(TurngateError) -> AgentStateChange

    func registerMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport
    func replaceMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport
    func unregisterMethod(_ id: SessionID, name: String) async throws(TurngateError)
    /// Sorted by name.
    func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport]
    /// Calls participants' methods, all at once; one line each.
    func call(_ id: SessionID, _ request: RPCCallRequest) async throws(TurngateError) -> [RecipientReceipt]

    /// Tells participants that it is their turn; what is nil in `request`
    /// comes from the session's policy. Returns when every recipient has an
    /// outcome or `wait` is over.
    func notify(
        _ id: SessionID, _ request: NotificationRequest, wait: Duration
    ) async throws(TurngateError) -> NotificationReceipt
    /// Newest first.
    func notifications(_ id: SessionID, _ query: NotificationQuery) async throws(TurngateError) -> NotificationPage
    func notification(_ id: SessionID, _ notification: NotificationID) async throws(TurngateError) -> NotificationReceipt
}

/// An agent state as set.
public struct AgentStateChange: Sendable, Equatable {
    /// The row that the agent's state now stands in.
    public var transition: AgentStateTransition
    public var room: String
    /// False when the agent was in that state already.
    public var changed: Bool
    /// False when PostgreSQL is away and the row waits to be written.
    public var durable: Bool

    public init(transition: AgentStateTransition, room: String, changed: Bool, durable: Bool) {
        self.transition = transition
        self.room = room
        self.changed = changed
        self.durable = durable
    }
}

/// A turn notification as asked for.
public struct NotificationRequest: Sendable, Equatable {
    public var method: String?
    public var payload: String?
    public var destinations: RPCDestinations
    public var responseTimeout: Duration?

    public init(
        method: String? = nil, payload: String? = nil, destinations: RPCDestinations = .all,
        responseTimeout: Duration? = nil
    ) {
        self.method = method
        self.payload = payload
        self.destinations = destinations
        self.responseTimeout = responseTimeout
    }
}

/// Which sessions to list.
public struct SessionQuery: Sendable, Equatable {
    /// Empty: any.
    public var statuses: [SessionStatus]
    public var room: String?
    /// All of these.
    public var labels: [String: String]
    /// Only sessions older than this one.
    public var before: SessionID?
    /// 1…1000.
    public var limit: Int

    public init(
        statuses: [SessionStatus] = [], room: String? = nil, labels: [String: String] = [:], before: SessionID? = nil,
        limit: Int = 100
    ) {
        self.statuses = statuses
        self.room = room
        self.labels = labels
        self.before = before
        self.limit = limit
    }
}

/// One page of sessions; `next` is where the following page begins.
public struct SessionPage: Sendable, Equatable {
    public var sessions: [Session]
    public var next: SessionID?

    public init(sessions: [Session], next: SessionID?) {
        self.sessions = sessions
        self.next = next
    }
}

/// Which receipts to list.
public struct NotificationQuery: Sendable, Equatable {
    public var before: NotificationID?
    /// 1…1000.
    public var limit: Int

    public init(before: NotificationID? = nil, limit: Int = 100) {
        self.before = before
        self.limit = limit
    }
}

/// One page of receipts; `next` is where the following page begins.
public struct NotificationPage: Sendable, Equatable {
    public var receipts: [NotificationReceipt]
    public var next: NotificationID?

    public init(receipts: [NotificationReceipt], next: NotificationID?) {
        self.receipts = receipts
        self.next = next
    }
}
