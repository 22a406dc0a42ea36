/// The way of everything that happens in sessions into PostgreSQL: taken in
/// order, written in order, kept in a bounded queue while the database is away.
/// The events that come of the entries are written in the same transaction,
/// under the trace that is in force at `append`.
public protocol StateJournal: Sendable {
    /// Queues `entries`, to be written in one transaction. Throws `overloaded`
    /// when the queue is full; then nothing was taken.
    func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicket
}

/// Something that happened and is to be kept.
public enum JournalEntry: Sendable, Equatable {
    /// A row of the history.
    case transition(AgentStateTransition)
    /// Status, ids of the room, times and end of a session.
    case session(SessionProgress)
    /// A receipt that is complete.
    case notification(NotificationReceipt)
    /// A turn as it stands; written over as it goes on, never once it has ended.
    case turn(Turn)
    /// What a watchdog found.
    case incident(Incident)
    /// What has come of a session's methods.
    case methodUsage(SessionID, [String: RPCMethodUsage])
    /// A line of the invocation log, once the call is over.
    case invocation(RPCInvocationRecord)
    /// What is kept among the events alone.
    case occurrence(SessionOccurrence)
}

/// The part of a session that changes as it runs.
public struct SessionProgress: Sendable, Equatable {
    /// Whose progress it is.
    public var id: SessionID
    /// The status by now; a final one is the last that is written.
    public var status: SessionStatus
    /// `RM_…`; nil until the agent has been in the room.
    public var roomSid: String?
    /// `PA_…` of the agent's last join; nil until it has been in the room.
    public var agentSid: String?
    /// When it became `active` for the first time; nil until then.
    public var activatedAt: Timestamp?
    /// When it was over; nil while it is live.
    public var endedAt: Timestamp?
    /// How it came to its end; nil while it is live.
    public var end: SessionEnd?

    public init(of session: Session) {
        id = session.id
        status = session.status
        roomSid = session.roomSid
        agentSid = session.agentSid
        activatedAt = session.activatedAt
        endedAt = session.endedAt
        end = session.end
    }
}

/// The journal's word about entries that it took.
public struct JournalTicket: Sendable {
    private let outcome: @Sendable (Duration) async -> JournalOutcome

    /// `outcome` is asked with how long to wait at most.
    public init(outcome: @escaping @Sendable (Duration) async -> JournalOutcome) { self.outcome = outcome }

    /// Waits at most `duration` for the entries to be durable.
    public func outcome(within duration: Duration) async -> JournalOutcome { await outcome(duration) }
}

/// Where entries stand.
public enum JournalOutcome: Sendable, Equatable {
    /// Committed by PostgreSQL.
    case durable
    /// Still queued.
    case pending
    /// PostgreSQL refuses them for good; logged with the reason.
    case refused
}
