import Domain
import HTTPServer

/// What goes with a request through the API beside its contents.
struct RequestContext: Sendable {
    /// The caller's `X-Request-Id`, or one of ours.
    var requestID: String
    /// The caller's `traceparent`, or a trace that begins here.
    var trace: TraceContext
    /// Nil before authentication, and where no keys are configured.
    var caller: Caller?
    /// The caller's, for answers that go on for long.
    var standing: CallerStanding?
    /// Header fields that say what the caller may still do; empty without a limit.
    var rateLimit = HTTPHeaders()

    init(headers: HTTPHeaders) {
        requestID = headers["X-Request-Id"].flatMap(Self.acceptable) ?? RequestID.make()
        trace = headers["traceparent"].flatMap { TraceContext($0) } ?? .start()
    }

    /// Runs `body` with the request's id and trace as those of the task.
    func bound<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        try await TraceContext.$current.withValue(trace) {
            try await RequestID.$current.withValue(requestID) { try await body() }
        }
    }

    /// The same for what does not wait.
    func bound<Value>(_ body: () throws -> Value) rethrows -> Value {
        try TraceContext.$current.withValue(trace) {
            try RequestID.$current.withValue(requestID) { try body() }
        }
    }

    /// 1…128 visible ASCII characters: fit for a header, a log line and a JSON string.
    private static func acceptable(_ id: String) -> String? {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ? id : nil
    }
}
