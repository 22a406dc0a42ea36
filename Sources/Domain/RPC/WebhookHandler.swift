/// A system of the users' that answers calls over HTTP: each is POSTed to it,
/// signed as Standard Webhooks says, and what it answers goes to the caller.
public struct WebhookHandler: Sendable, Equatable {
    /// An absolute `http` or `https` URL.
    public var url: String
    /// How long it may take, bounded besides by the caller's own deadline.
    public var timeout: Duration
    /// Header fields that go with every call, at most 16; may hold credentials,
    /// so their values are shown nowhere.
    public var headers: [String: String]
    /// What calls are signed with, `whsec_…`; nil: the service's own secret.
    public var secret: String?
    /// How what it answers becomes what the caller gets.
    public var envelope: RPCEnvelope

    /// 8 s: `timeout_ms` where the request has none; LiveKit's callers wait 15 s
    /// unless told otherwise.
    public static let defaultTimeout = Duration.seconds(8)

    public init(
        url: String, timeout: Duration = defaultTimeout, headers: [String: String] = [:], secret: String? = nil,
        envelope: RPCEnvelope = .json
    ) {
        self.url = url
        self.timeout = timeout
        self.headers = headers
        self.secret = secret
        self.envelope = envelope
    }
}

/// A system of the users' that takes calls by long polling and answers each
/// by a call of its own.
public struct QueueHandler: Sendable, Equatable {
    /// How long an answer may take, bounded besides by the caller's own deadline.
    public var timeout: Duration
    /// How what it answers becomes what the caller gets.
    public var envelope: RPCEnvelope

    /// 12 s: `timeout_ms` where the request has none.
    public static let defaultTimeout = Duration.seconds(12)

    public init(timeout: Duration = defaultTimeout, envelope: RPCEnvelope = .json) {
        self.timeout = timeout
        self.envelope = envelope
    }
}

/// How a handler's answer becomes the string that the caller gets.
public enum RPCEnvelope: String, Sendable, Codable, CaseIterable {
    /// `{"success": true, "result": …}` or `{"success": false, "error": "…"}`;
    /// the payload has to be JSON (or empty).
    case json
    /// The text as it is, both ways.
    case raw
}

/// Who may call a method: whoever is named by any of these.
public struct AllowedCallers: Sendable, Equatable, Codable {
    /// By identity, at most 100.
    public var identities: Set<String>
    /// By what they are to LiveKit.
    public var kinds: Set<ParticipantKind>
    /// Whoever has the floor at the moment of the call.
    public var floorHolder: Bool

    public init(identities: Set<String> = [], kinds: Set<ParticipantKind> = [], floorHolder: Bool = false) {
        self.identities = identities
        self.kinds = kinds
        self.floorHolder = floorHolder
    }

    /// Whether the participant of this identity and kind may call; `hasFloor`
    /// says whether the floor is its.
    public func includes(identity: String, kind: ParticipantKind, hasFloor: Bool) -> Bool {
        identities.contains { $0.isIdentity(identity) } || kinds.contains(kind) || (floorHolder && hasFloor)
    }
}
