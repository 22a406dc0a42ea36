/// The way to the users' systems that answer calls over HTTP.
public protocol HandlerBackend: Sendable {
    /// Calls `handler` and returns what came back, whatever its status, within
    /// `timeout`. Carries the trace that is in force.
    func call(
        _ handler: WebhookHandler, with invocation: PendingInvocation, timeout: Duration
    ) async throws(HandlerFailure) -> HandlerAnswer
}

/// What a users' system answered.
public struct HandlerAnswer: Sendable, Equatable {
    /// The HTTP status, 200…599.
    public var status: Int
    /// The body, at most `HandlerAnswer.bodyBytes` long.
    public var body: [UInt8]

    /// What is taken of an answer: more than fits into an RPC answer, so that a
    /// JSON text with spaces in it still does.
    public static let bodyBytes = 65_536

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why there is no answer. The texts are for the log and the operator; none of
/// them holds a secret.
public enum HandlerFailure: Error, Sendable, Equatable {
    /// Nobody there: no address, no connection, no trust.
    case unreachable(String)
    /// The address is one that must not be called.
    case refused(String)
    /// No whole answer in time.
    case timeout
    /// The answer is longer than `HandlerAnswer.bodyBytes`.
    case tooLarge
    /// Too many calls to that host are under way.
    case overloaded
    /// The answer broke off, or is not HTTP.
    case broken(String)
}
