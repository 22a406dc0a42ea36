/// What answers the calls to one of the agent's methods.
public enum RPCHandler: Sendable, Equatable {
    /// Always this answer.
    case `static`(response: String)
    /// The payload comes back.
    case echo
    /// Turngate itself: one of `RPCMethodSpec.builtins`.
    case builtin
    /// The users' own system, called over HTTP.
    case webhook(WebhookHandler)
    /// The users' own system, which comes and takes the calls.
    case queue(QueueHandler)
}

extension RPCHandler {
    /// As the API names it: `handler.type`.
    public var typeName: String {
        switch self {
        case .static: "static"
        case .echo: "echo"
        case .builtin: "builtin"
        case .webhook: "webhook"
        case .queue: "queue"
        }
    }
}

/// A method as registered.
public struct RPCMethodSpec: Sendable, Equatable {
    /// What callers name: 1…64 of `A-Za-z0-9_.:-`, unique in its session.
    public var name: String
    /// For people, at most 1024 characters; nil for none.
    public var description: String?
    /// What answers.
    public var handler: RPCHandler
    /// Who may call it; nil: everybody in the room.
    public var allowedCallers: AllowedCallers?
    /// Whether the invocation log keeps what was sent and answered, too.
    public var keepsPayloads: Bool

    public init(
        name: String, description: String? = nil, handler: RPCHandler, allowedCallers: AllowedCallers? = nil,
        keepsPayloads: Bool = false
    ) {
        self.name = name
        self.description = description
        self.handler = handler
        self.allowedCallers = allowedCallers
        self.keepsPayloads = keepsPayloads
    }
}

/// A method with what has come of it.
public struct RPCMethodReport: Sendable, Equatable {
    /// What it is, and what answers.
    public var spec: RPCMethodSpec
    /// Turngate's own; cannot be replaced or removed.
    public var builtin: Bool
    /// When it was registered; another handler put behind it does not change it.
    public var registeredAt: Timestamp
    /// Its counts since it was registered.
    public var usage: RPCMethodUsage

    public init(spec: RPCMethodSpec, builtin: Bool, registeredAt: Timestamp, usage: RPCMethodUsage = RPCMethodUsage()) {
        self.spec = spec
        self.builtin = builtin
        self.registeredAt = registeredAt
        self.usage = usage
    }
}

/// How often a method was called, how it went, and how long it took.
public struct RPCMethodUsage: Sendable, Equatable, Codable {
    /// Calls that were answered, errors included.
    public private(set) var calls: Int64
    /// Calls that were answered with an error.
    public private(set) var errors: Int64
    /// All calls together, in milliseconds.
    public private(set) var totalLatencyMs: Double
    /// The slowest call, in milliseconds; 0 before the first.
    public private(set) var maxLatencyMs: Double
    /// `lastCall` in microseconds since 1970, as it is stored; nil before the first
    /// call.
    public private(set) var lastCalledAt: Int64?

    public init() {
        calls = 0
        errors = 0
        totalLatencyMs = 0
        maxLatencyMs = 0
    }

    /// Nil before the first call.
    public var meanLatencyMs: Double? { calls == 0 ? nil : totalLatencyMs / Double(calls) }

    /// When the last call came.
    public var lastCall: Timestamp? { lastCalledAt.map(Timestamp.init(microseconds:)) }

    /// Adds one call that took `latency` and ended at `time`.
    public mutating func record(latency: Duration, failed: Bool, at time: Timestamp) {
        calls += 1
        errors += failed ? 1 : 0
        totalLatencyMs += latency.milliseconds
        maxLatencyMs = max(maxLatencyMs, latency.milliseconds)
        lastCalledAt = time.microseconds
    }
}

/// Whom a call goes to.
public enum RPCDestinations: Sendable, Equatable {
    /// Every participant that is there and no agent.
    case all
    /// These, by name; one who is not there gets an `absent` line.
    case identities([String])
}

/// A call to participants' methods.
public struct RPCCallRequest: Sendable, Equatable {
    /// The method's name at the participants: 1…64 visible ASCII characters.
    public var method: String
    /// What it is called with, at most 15,360 bytes; the same for all.
    public var payload: String
    /// Whom to call.
    public var destinations: RPCDestinations
    /// How long each participant may take; 100 ms … 60 s.
    public var responseTimeout: Duration

    public init(method: String, payload: String, destinations: RPCDestinations, responseTimeout: Duration) {
        self.method = method
        self.payload = payload
        self.destinations = destinations
        self.responseTimeout = responseTimeout
    }
}
