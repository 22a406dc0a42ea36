/// A session as asked for: what `POST /v1/sessions` says, defaults filled in.
public struct SessionSpec: Sendable, Equatable {
    public var room: String
    public var agent: AgentProfile
    public var rpcMethods: [RPCMethodSpec]
    public var turnPolicy: TurnPolicy
    public var labels: [String: String]
    /// The caller's own JSON object, as compact JSON text.
    public var metadata: String
    /// Nil: no limit.
    public var maxDuration: Duration?
    /// How long the agent stays with nobody but agents; nil: for ever.
    public var emptyTimeout: Duration?

    public static let defaultMaxDuration = Duration.seconds(3600)
    public static let defaultEmptyTimeout = Duration.seconds(60)

    public init(
        room: String, agent: AgentProfile = AgentProfile(), rpcMethods: [RPCMethodSpec] = [],
        turnPolicy: TurnPolicy = TurnPolicy(), labels: [String: String] = [:], metadata: String = "{}",
        maxDuration: Duration? = defaultMaxDuration, emptyTimeout: Duration? = defaultEmptyTimeout
    ) {
        self.room = room
        self.agent = agent
        self.rpcMethods = rpcMethods
        self.turnPolicy = turnPolicy
        self.labels = labels
        self.metadata = metadata
        self.maxDuration = maxDuration
        self.emptyTimeout = emptyTimeout
    }
}

/// How the agent appears in its room.
public struct AgentProfile: Sendable, Equatable, Codable {
    public var identity: String
    public var name: String
    public var metadata: String
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
