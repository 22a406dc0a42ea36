/// A request: complete, or with a body that still comes.
public struct HTTPRequest: Sendable {
    /// The method. `HEAD` is passed on as such; its answer's body is dropped by the front.
    public var method: HTTPMethod
    /// The target as it came and its encoded parts.
    public var target: HTTPTarget
    /// The decoded query; look at `query.undecodable`.
    public var query: HTTPQuery
    /// The header fields.
    public var headers: HTTPHeaders
    /// The whole body, never longer than `HTTPLimits.bodyBytes`; empty without one
    /// and where `bodyStream` has it.
    public var body: [UInt8]
    /// The body of a route under `HTTPBodyRule.streamed`, read while it comes;
    /// `nil` under `.collected`.
    public var bodyStream: HTTPRequestBody?
    /// The peer's numeric IP address; `nil` on a unix socket.
    public var remoteAddress: String?
    /// When the head was complete.
    public var receivedAt: ContinuousClock.Instant
    /// The decoded `{name}` parts of the route's pattern; empty before routing.
    public var parameters: HTTPParameters
    /// The pattern of the route that matched, for labels; `nil` before routing.
    public var route: String?

    /// A request from its parts.
    public init(
        method: HTTPMethod, target: HTTPTarget, headers: HTTPHeaders = [:], body: [UInt8] = [],
        remoteAddress: String? = nil, receivedAt: ContinuousClock.Instant = .now
    ) {
        self.method = method
        self.target = target
        self.query = HTTPQuery(target.rawQuery[...])
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.receivedAt = receivedAt
        self.parameters = HTTPParameters()
    }

    /// The path still percent-encoded, as `target.path`.
    public var path: String { target.path }
}
