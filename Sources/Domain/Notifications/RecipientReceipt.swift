/// How one recipient took a call.
public enum RecipientOutcome: String, Sendable, Codable, CaseIterable {
    /// No answer yet; only while the call is under way.
    case pending
    /// The recipient's method answered.
    case acknowledged
    /// The recipient has no such method.
    case unsupported
    /// There is no such participant in the room.
    case absent
    /// No answer in time.
    case timeout
    /// The recipient left before it answered.
    case disconnected
    /// The recipient's method answered with an error, or the call could not be sent.
    case failed

    /// What an RPC error means for a receipt.
    public init(error: RPCError) {
        self =
            switch RPCError.Code(rawValue: error.code) {
            case .unsupportedMethod: .unsupported
            case .recipientNotFound: .absent
            case .connectionTimeout, .responseTimeout: .timeout
            case .recipientDisconnected: .disconnected
            default: .failed
            }
    }
}

/// One recipient's line in a receipt.
public struct RecipientReceipt: Sendable, Equatable {
    /// The recipient, by its identity in the room.
    public var identity: String
    /// How it took the call; `pending` until its first outcome.
    public var outcome: RecipientOutcome
    /// What the recipient's method answered; only with `acknowledged`.
    public var response: String?
    /// Why there is no answer, in LiveKit's codes; nil while pending and with
    /// `acknowledged`.
    public var error: RPCError?
    /// From the call to the outcome; nil while pending.
    public var latency: Duration?

    public init(
        identity: String, outcome: RecipientOutcome, response: String? = nil, error: RPCError? = nil,
        latency: Duration? = nil
    ) {
        self.identity = identity
        self.outcome = outcome
        self.response = response
        self.error = error
        self.latency = latency
    }
}

/// What became of a turn notification: one line per recipient, always.
public struct NotificationReceipt: Sendable, Equatable {
    /// The receipt's own id, `ntf_…`.
    public var id: NotificationID
    /// The session whose agent notified.
    public var sessionID: SessionID
    /// The method that was called at each recipient.
    public var method: String
    /// Whether the turn policy or a caller of the API wanted it.
    public var trigger: Trigger
    /// The `seq` of the state that the agent was in.
    public var agentStateSeq: Int64
    /// When the calls were started.
    public var createdAt: Timestamp
    /// Nil while a recipient is pending.
    public var completedAt: Timestamp?
    /// One line per recipient; empty when there was nobody to tell.
    public var recipients: [RecipientReceipt]

    /// Who wanted it.
    public enum Trigger: String, Sendable, Codable, CaseIterable { case policy, api }

    public init(
        id: NotificationID, sessionID: SessionID, method: String, trigger: Trigger, agentStateSeq: Int64,
        createdAt: Timestamp, completedAt: Timestamp? = nil, recipients: [RecipientReceipt]
    ) {
        self.id = id
        self.sessionID = sessionID
        self.method = method
        self.trigger = trigger
        self.agentStateSeq = agentStateSeq
        self.createdAt = createdAt
        self.completedAt = completedAt
        self.recipients = recipients
    }
}
