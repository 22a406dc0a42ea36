/// A handler from a closure.
public struct HTTPClosureHandler: HTTPHandler {
    private let body: @Sendable (HTTPRequest) async -> HTTPResponse

    /// Wraps `body`.
    public init(_ body: @escaping @Sendable (HTTPRequest) async -> HTTPResponse) {
        self.body = body
    }

    /// Calls the closure, in a task.
    public func answer(_ request: HTTPRequest) -> HTTPAnswer {
        .later { [body] in await body(request) }
    }
}
