/// A session as asked for: what `POST /v1/sessions` says, defaults filled in.
public struct SessionSpec: Sendable, Equatable {
    /// The room's name: at most 128 ASCII characters, or 64 of any script.
    public var room: String
    /// How the agent appears there.
    public var agent: AgentProfile
    /// The caller's methods, at most 50, registered before anybody meets the agent.
    public var rpcMethods: [RPCMethodSpec]
    /// How turns go; can be patched.
    public var turnPolicy: TurnPolicy
    /// The caller's own, at most 32, to list sessions by; can be patched.
    public var labels: [String: String]
    /// The caller's own JSON object, as compact JSON text.
    public var metadata: String
    /// Whom to tell of this session's events, at most 5.
    public var webhooks: [WebhookSpec]
    /// Nil: no limit.
    public var maxDuration: Duration?
    /// How long the agent stays with nobody but agents; nil: for ever.
    public var emptyTimeout: Duration?

    /// An hour: `max_duration_s` where the request has none.
    public static let defaultMaxDuration = Duration.seconds(3600)
    /// A minute: `empty_timeout_s` where the request has none.
    public static let defaultEmptyTimeout = Duration.seconds(60)

    public init(
        room: String, agent: AgentProfile = AgentProfile(), rpcMethods: [RPCMethodSpec] = [],
        turnPolicy: TurnPolicy = TurnPolicy(), labels: [String: String] = [:], metadata: String = "{}",
        webhooks: [WebhookSpec] = [], maxDuration: Duration? = defaultMaxDuration,
        emptyTimeout: Duration? = defaultEmptyTimeout
    ) {
        self.room = room
        self.agent = agent
        self.rpcMethods = rpcMethods
        self.turnPolicy = turnPolicy
        self.labels = labels
        self.metadata = metadata
        self.webhooks = webhooks
        self.maxDuration = maxDuration
        self.emptyTimeout = emptyTimeout
    }
}

/// How the agent appears in its room.
public struct AgentProfile: Sendable, Equatable, Codable {
    /// Unique among the room's participants; `agent` unless asked for another.
    public var identity: String
    /// The display name; where it is empty, `lk.agent.name` is the identity.
    public var name: String
    /// The agent's metadata as a participant, at most 16,384 bytes; not the
    /// session's own.
    public var metadata: String
    /// The caller's participant attributes, at most 32; `lk.agent.…` are Turngate's
    /// own.
    public var attributes: [String: String]

    public init(
        identity: String = "agent", name: String = "", metadata: String = "", attributes: [String: String] = [:]
    ) {
        self.identity = identity
        self.name = name
        self.metadata = metadata
        self.attributes = attributes
    }
}

/// A change to a session that is running: what is nil stays.
public struct SessionPatch: Sendable, Equatable {
    /// Laid over the policy in force; nil: the policy stays.
    public var turnPolicy: TurnPolicyPatch?
    /// The whole new set of labels.
    public var labels: [String: String]?
    /// The whole new object, as compact JSON text.
    public var metadata: String?

    public init(turnPolicy: TurnPolicyPatch? = nil, labels: [String: String]? = nil, metadata: String? = nil) {
        self.turnPolicy = turnPolicy
        self.labels = labels
        self.metadata = metadata
    }
}
