/// A session as it stands: what the API shows and the store keeps.
public struct Session: Sendable, Equatable {
    /// `ses_…`, made with the session.
    public var id: SessionID
    /// What was asked for, with every patch since.
    public var spec: SessionSpec
    /// Where its runtime life stands.
    public var status: SessionStatus
    /// `RM_…`, once the agent has been in the room.
    public var roomSid: String?
    /// `PA_…`, once the agent has been in the room.
    public var agentSid: String?
    /// What the agent is doing; the last state it had once the session is over.
    public var agentState: AgentState
    /// When `agentState` began.
    public var agentStateSince: Timestamp
    /// The `seq` of the last transition.
    public var agentStateSeq: Int64
    /// Those in the room besides the agent; empty for a session that no
    /// runtime holds any more.
    public var participants: [RoomParticipant]
    /// Whether the agent takes audio in.
    public var audioInput: AudioInput
    /// The gates of `participants`, one each.
    public var gates: [ParticipantGate]
    /// The turn under way; nil when the floor is free.
    public var turn: Turn?
    /// Who has the floor, and who waits.
    public var floor: Floor
    /// The names of all registered methods, built-in ones too, sorted.
    public var rpcMethods: [String]
    /// Its own webhooks as they were made with it; with their secrets only in the
    /// answer that made it, and empty afterwards.
    public var newWebhooks: [WebhookWithSecret] = []
    /// Who made it, an API key's name; nil where there are no keys.
    public var createdBy: String?
    /// When it was asked for, before the agent went into the room.
    public var createdAt: Timestamp
    /// When it became `active` for the first time; nil until then.
    public var activatedAt: Timestamp?
    /// When it was over, never before the last transition; nil while it is live.
    public var endedAt: Timestamp?
    /// How it came to its end, the API's `end_reason`; nil while it is live.
    public var end: SessionEnd?

    public init(id: SessionID, spec: SessionSpec, createdAt: Timestamp) {
        self.id = id
        self.spec = spec
        self.createdAt = createdAt
        status = .connecting
        agentState = .initializing
        agentStateSince = createdAt
        agentStateSeq = 1
        participants = []
        audioInput = AudioInput(enabled: false, reason: .unavailable, since: createdAt)
        gates = []
        turn = nil
        floor = Floor()
        rpcMethods = (spec.rpcMethods.map(\.name) + RPCMethodSpec.builtins.map(\.name)).sorted()
    }
}
