import Domain
import HTTPServer

/// What goes with a request through the API beside its contents.
struct RequestContext: Sendable {
    /// The caller's `X-Request-Id`, or one of ours.
    var requestID: String
    var trace: TraceContext?
    /// Nil before authentication, and where no keys are configured.
    var caller: Caller?

    init(headers: HTTPHeaders) {
        requestID = headers["X-Request-Id"].flatMap(Self.acceptable) ?? Self.newID()
        trace = headers["traceparent"].flatMap { TraceContext($0) }
    }

    /// 1…128 visible ASCII characters: fit for a header, a log line and a JSON string.
    private static func acceptable(_ id: String) -> String? {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) ? id : nil
    }

    private static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        let id = generator.next() as UInt64
        return "req_" + String(id, radix: 16)
    }
}
