/// A call that waits for a backend's answer.
public struct PendingInvocation: Sendable, Equatable {
    /// `inv_…`: what the answer names.
    public var id: InvocationID
    /// Whose agent was called.
    public var sessionID: SessionID
    /// That session's room.
    public var room: String
    /// The method that was called.
    public var method: String
    /// Who calls.
    public var caller: Caller
    /// The caller's text, at most 15,360 bytes.
    public var payload: String
    /// How the answer is to look, and whether `payload` is JSON (or empty).
    public var envelope: RPCEnvelope
    /// When the call came.
    public var receivedAt: Timestamp
    /// Until when an answer is of use.
    public var deadline: Timestamp

    public init(
        id: InvocationID, sessionID: SessionID, room: String, method: String, caller: Caller, payload: String,
        envelope: RPCEnvelope, receivedAt: Timestamp, deadline: Timestamp
    ) {
        self.id = id
        self.sessionID = sessionID
        self.room = room
        self.method = method
        self.caller = caller
        self.payload = payload
        self.envelope = envelope
        self.receivedAt = receivedAt
        self.deadline = deadline
    }

    /// The participant who calls, as it was at that moment.
    public struct Caller: Sendable, Equatable {
        /// Its identity in the room.
        public var identity: String
        /// What it is to LiveKit; `unknown` for one who was gone already.
        public var kind: ParticipantKind
        /// All its attributes.
        public var attributes: [String: String]

        public init(identity: String, kind: ParticipantKind, attributes: [String: String]) {
            self.identity = identity
            self.kind = kind
            self.attributes = attributes
        }
    }
}

/// A pending call as one poller has it.
public struct LeasedInvocation: Sendable, Equatable {
    /// The call.
    public var invocation: PendingInvocation
    /// Until when nobody else gets it; never after its deadline.
    public var leaseExpiresAt: Timestamp
    /// How often it was handed out, this time included.
    public var attempt: Int

    public init(invocation: PendingInvocation, leaseExpiresAt: Timestamp, attempt: Int) {
        self.invocation = invocation
        self.leaseExpiresAt = leaseExpiresAt
        self.attempt = attempt
    }
}

/// Which pending calls a backend takes.
public struct InvocationPoll: Sendable, Equatable {
    /// Of this method; nil: of any.
    public var method: String?
    /// How many at most; 1…100.
    public var limit: Int
    /// How long to wait for the first.
    public var wait: Duration
    /// How long they are this poller's; 1 s … 60 s.
    public var lease: Duration

    public init(method: String? = nil, limit: Int = 10, wait: Duration = .zero, lease: Duration = .seconds(5)) {
        self.method = method
        self.limit = limit
        self.wait = wait
        self.lease = lease
    }
}

/// A backend's answer to a pending call.
public enum InvocationAnswer: Sendable, Equatable {
    /// A JSON value, as compact JSON text.
    case result(String)
    /// Goes to the caller as it is.
    case error(RPCError)
}
