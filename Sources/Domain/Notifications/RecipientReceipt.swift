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
    public var identity: String
    public var outcome: RecipientOutcome
    /// What the recipient's method answered; only with `acknowledged`.
    public var response: String?
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
    public var id: NotificationID
    public var sessionID: SessionID
    public var method: String
    public var trigger: Trigger
    /// The `seq` of the state that the agent was in.
    public var agentStateSeq: Int64
    public var createdAt: Timestamp
    /// Nil while a recipient is pending.
    public var completedAt: Timestamp?
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
