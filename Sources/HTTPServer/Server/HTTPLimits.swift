/// Bounds of the front. Whatever exceeds one gets the `HTTPFrontError` named beside it.
public struct HTTPLimits: Sendable, Equatable {
    /// The longest collected request body, in bytes (`bodyTooLarge`).
    public var bodyBytes = 1024 * 1024
    /// The longest head, request line included, in bytes (`headersTooLarge`).
    public var headerBytes = 32 * 1024
    /// The longest target, in bytes (`targetTooLong`).
    public var targetBytes = 8 * 1024
    /// The most field lines of a head (`headersTooLarge`).
    public var headerFields = 100
    /// The most open connections (`tooManyConnections`).
    public var connections = 4096
    /// The most open connections of one IP address (`tooManyConnections`); no bound by default.
    public var connectionsPerAddress: Int?
    /// The most requests with a handler at work; streams that are being sent
    /// do not count (`overloaded`).
    public var concurrentRequests = 2048
    /// From the connection (or, on a connection in use, the request line) to the head's end (`headersTimeout`).
    public var headersDeadline: Duration = .seconds(10)
    /// From the head's end to the end of a collected body (`bodyTimeout`).
    public var bodyDeadline: Duration = .seconds(30)
    /// How long a connection may wait for its next request, and a client not read its answer.
    /// Closed without a word. Whole seconds, at least one.
    public var idleTimeout: Duration = .seconds(60)

    /// The defaults.
    public init() {}
}
