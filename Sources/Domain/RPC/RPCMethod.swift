/// What answers the calls to one of the agent's methods.
public enum RPCHandler: Sendable, Equatable {
    /// Always this answer.
    case `static`(response: String)
    /// The payload comes back.
    case echo
}

/// A method as registered.
public struct RPCMethodSpec: Sendable, Equatable {
    public var name: String
    public var description: String?
    public var handler: RPCHandler

    public init(name: String, description: String? = nil, handler: RPCHandler) {
        self.name = name
        self.description = description
        self.handler = handler
    }
}

/// A method with what has come of it.
public struct RPCMethodReport: Sendable, Equatable {
    public var spec: RPCMethodSpec
    /// Turngate's own; cannot be replaced or removed.
    public var builtin: Bool
    public var registeredAt: Timestamp
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
    public private(set) var calls: Int64
    /// Calls that were answered with an error.
    public private(set) var errors: Int64
    public private(set) var totalLatencyMs: Double
    public private(set) var maxLatencyMs: Double
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
    case identities([String])
}

/// A call to participants' methods.
public struct RPCCallRequest: Sendable, Equatable {
    public var method: String
    public var payload: String
    public var destinations: RPCDestinations
    public var responseTimeout: Duration

    public init(method: String, payload: String, destinations: RPCDestinations, responseTimeout: Duration) {
        self.method = method
        self.payload = payload
        self.destinations = destinations
        self.responseTimeout = responseTimeout
    }
}
