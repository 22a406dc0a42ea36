/// What can be done with sessions: the port that ControlAPI drives and
/// AgentRuntime implements. `actor` is the API key's name.
public protocol SessionControl: Sendable {
    /// Makes a session and sends its agent into the room. Returns when the
    /// agent is there (`active`) or `wait` is over (`connecting`); throws
    /// `roomUnreachable` or `roomTokenRefused` when it could not get there, and
    /// `conflict(.tooManySessions)` when `actor` has as many as it may have.
    /// Where there is a `claim`, it is bound to the session in the transaction
    /// that makes it.
    func create(
        _ spec: SessionSpec, actor: String?, claim: IdempotencyClaim?, wait: Duration
    ) async throws(TurngateError) -> Session
    /// One session, a live one as it stands this moment; throws `notFound`.
    func session(_ id: SessionID) async throws(TurngateError) -> Session
    /// One that this process holds, as it stands this moment; nil for any other.
    /// Waits for nothing.
    func liveSnapshot(_ id: SessionID) -> SessionSnapshot?
    /// Any, as something to be encoded once at most; throws `notFound`.
    func shown(_ id: SessionID) async throws(TurngateError) -> ShownSession
    /// Newest first; live ones as they stand this moment.
    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage
    /// Takes a patch on when it is written down; throws `conflict` unless the
    /// session is at work.
    func update(_ id: SessionID, with patch: SessionPatch, actor: String?) async throws(TurngateError) -> Session
    /// The agent leaves; a session that has ended already is returned as it
    /// is. `ending` in the answer means that the end is not durable yet.
    func end(_ id: SessionID, actor: String?) async throws(TurngateError) -> Session

    /// Says what the agent does.
    func setAgentState(
        _ id: SessionID, to state: AgentState, reason: String?, actor: String?
    ) async throws(TurngateError) -> AgentStateChange

    /// Returns when the method is written down and registered with the room; throws
    /// `conflict` where its name is taken.
    func registerMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport
    /// Puts another handler behind a method; its counts go on. Throws `conflict`
    /// for a built-in.
    func replaceMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport
    /// Takes a method away: callers get 1400 afterwards. Throws `conflict` for a
    /// built-in.
    func unregisterMethod(_ id: SessionID, name: String) async throws(TurngateError)
    /// Sorted by name.
    func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport]
    /// The methods that every new session starts with, sorted by name.
    func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec]
    /// Adds one, for sessions made from now on. Throws `conflict` where its name
    /// is taken or a built-in's, and past 50. Bound to `claim` in the same
    /// transaction where there is one.
    func addDefaultMethod(_ spec: RPCMethodSpec, claim: IdempotencyClaim?) async throws(TurngateError)
    /// Puts another in the place of the one of its name; throws `notFound`.
    func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError)
    /// Sessions that have it keep it; throws `notFound`.
    func removeDefaultMethod(_ name: String) async throws(TurngateError)

    /// The invocation log, calls that are over.
    func invocations(_ id: SessionID, _ query: InvocationQuery) async throws(TurngateError) -> InvocationPage
    /// One line of it; throws `notFound(.invocation)`.
    func invocation(_ id: SessionID, _ invocation: InvocationID) async throws(TurngateError) -> RPCInvocationRecord
    /// Takes calls to `queue` methods, oldest first; each is this poller's until
    /// its lease is over. Returns as soon as there is one, empty after `wait`.
    func takeInvocations(_ id: SessionID, _ poll: InvocationPoll) async throws(TurngateError) -> [LeasedInvocation]
    /// Answers one; the first answer counts, from whichever poller. Throws
    /// `notFound(.invocation)`, and `conflict(.invocationOver)` when it was
    /// answered or its deadline has passed.
    func answerInvocation(
        _ id: SessionID, _ invocation: InvocationID, with answer: InvocationAnswer
    ) async throws(TurngateError)

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
    /// One receipt, complete or not; throws `notFound`.
    func notification(_ id: SessionID, _ notification: NotificationID) async throws(TurngateError)
        -> NotificationReceipt

    /// Takes the floor for a participant. Throws `conflict(.turn)` with the
    /// holder when it is taken and the request neither waits nor preempts.
    func startTurn(
        _ id: SessionID, _ request: TurnRequest, actor: String?
    ) async throws(TurngateError) -> TurnStart
    /// Ends a turn; returns when its last words are in and its outcome is
    /// known. Throws `conflict(.turn(.staleTurn))` when it is over or another
    /// is meant, and changes nothing then.
    func endTurn(_ id: SessionID, _ turn: TurnReference, actor: String?) async throws(TurngateError) -> Turn
    /// Takes a turn back; what was said is thrown away. Throws as `endTurn`.
    func cancelTurn(_ id: SessionID, _ turn: TurnReference, actor: String?) async throws(TurngateError) -> Turn
    /// Newest first; the running one as it stands this moment.
    func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage
    /// One turn; throws `notFound(.turn)`.
    func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn
    /// A turn's audio as it passed the gate; throws `notFound(.turnAudio)`
    /// where it was not kept, or is gone.
    func turnAudio(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> TurnAudio

    /// The gate by hand.
    func setAudioInput(
        _ id: SessionID, _ change: AudioInputChange, actor: String?
    ) async throws(TurngateError) -> AudioInputReport
    /// How the gate stands, and who reads.
    func audioInput(_ id: SessionID) async throws(TurngateError) -> AudioInputReport
    /// A new reader of what passes the gate, from now on: of one participant, or of
    /// all who are heard, mixed. Throws `overloaded` past the session's bound.
    func readAudio(_ id: SessionID, participant: String?) async throws(TurngateError) -> any AudioReading

    /// The agent speaks: `source` is played as it comes. Takes all of it in,
    /// then returns when it was played or `wait` is over. What `source` throws
    /// is passed on, with the speech ended; else throws `TurngateError`.
    func speak(
        _ id: SessionID, _ source: any SpeechSource, interrupt: Bool, wait: Duration, actor: String?
    ) async throws -> Speech
    /// Stops what the agent says, and drops what waits to be said.
    func interrupt(_ id: SessionID, actor: String?) async throws(TurngateError) -> SpeechInterruption

    /// What the session's watchdog found, newest first.
    func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage
}

extension SessionControl {
    /// The same without a claim.
    public func create(
        _ spec: SessionSpec, actor: String?, wait: Duration
    ) async throws(TurngateError) -> Session {
        try await create(spec, actor: actor, claim: nil, wait: wait)
    }
}

/// An agent state as set.
public struct AgentStateChange: Sendable, Equatable {
    /// The row that the agent's state now stands in.
    public var transition: AgentStateTransition
    /// The session's room; a row of the history shows it.
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
    /// The method to call at the recipients; nil: the policy's.
    public var method: String?
    /// What the method is called with; nil: the policy's.
    public var payload: String?
    /// Whom to tell.
    public var destinations: RPCDestinations
    /// How long each recipient may take; nil: the policy's.
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
    /// Only this room; nil: any.
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

/// One page of sessions.
public struct SessionPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var sessions: [Session]
    /// The last session here, for `before` of the following query; nil when none
    /// follow.
    public var next: SessionID?

    public init(sessions: [Session], next: SessionID?) {
        self.sessions = sessions
        self.next = next
    }
}

/// Which receipts to list.
public struct NotificationQuery: Sendable, Equatable {
    /// Only receipts older than this one; nil: from the newest on.
    public var before: NotificationID?
    /// 1…1000.
    public var limit: Int

    public init(before: NotificationID? = nil, limit: Int = 100) {
        self.before = before
        self.limit = limit
    }
}

/// One page of receipts.
public struct NotificationPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var receipts: [NotificationReceipt]
    /// The last receipt here, for `before` of the following query; nil when none
    /// follow.
    public var next: NotificationID?

    public init(receipts: [NotificationReceipt], next: NotificationID?) {
        self.receipts = receipts
        self.next = next
    }
}

extension SessionControl {
    /// The same without a claim.
    public func addDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) {
        try await addDefaultMethod(spec, claim: nil)
    }
}
