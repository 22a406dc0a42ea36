/// One entry of a router.
public struct HTTPRoute: Sendable {
    /// The method; `HEAD` comes with `GET` and cannot be given, nor can `OPTIONS`.
    public let method: HTTPMethod
    /// A path of literal segments and `{name}` segments: `/v1/things/{id}`.
    public let pattern: String
    /// Who answers.
    public let handler: any HTTPHandler
    /// Its place among those that the router was given, from 0.
    public internal(set) var number = 0

    /// A route to a handler.
    public init(_ method: HTTPMethod, _ pattern: String, _ handler: any HTTPHandler) {
        self.method = method
        self.pattern = pattern
        self.handler = handler
    }

    /// A route to a closure.
    public init(
        _ method: HTTPMethod, _ pattern: String, _ body: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) {
        self.init(method, pattern, HTTPClosureHandler(body))
    }
}
