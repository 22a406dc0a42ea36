/// A session as it stands: what the API shows and the store keeps.
public struct Session: Sendable, Equatable {
    public var id: SessionID
    public var spec: SessionSpec
    public var status: SessionStatus
    /// `RM_…`, once the agent has been in the room.
    public var roomSid: String?
    /// `PA_…`, once the agent has been in the room.
    public var agentSid: String?
    public var agentState: AgentState
    public var agentStateSince: Timestamp
    /// The `seq` of the last transition.
    public var agentStateSeq: Int64
    /// Those in the room besides the agent; empty for a session that no
    /// runtime holds any more.
    public var participants: [RoomParticipant]
    /// The names of all registered methods, sorted.
    public var rpcMethods: [String]
    public var createdAt: Timestamp
    public var activatedAt: Timestamp?
    public var endedAt: Timestamp?
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
        rpcMethods = spec.rpcMethods.map(\.name).sorted()
    }
}
