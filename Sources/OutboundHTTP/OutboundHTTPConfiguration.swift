/// How a client works; one for each kind of destination, since the address
/// policy holds for all of a client's calls.
public struct OutboundHTTPConfiguration: Sendable {
    /// Calls on the wire at once.
    public var maxInFlight: Int
    /// Calls that wait for one of those to end; one more is `queueFull`.
    public var maxQueued: Int
    /// Idle connections that are kept for later calls.
    public var maxIdleConnections: Int
    /// The longest that connecting may take, TLS included; a request's shorter
    /// timeout goes first.
    public var connectTimeout: Duration
    /// The longest header of an answer that is taken, in bytes.
    public var maxHeaderBytes: Int
    /// What the `User-Agent` field says.
    public var userAgent: String
    /// A PEM file of authorities to trust in place of the system's.
    public var authoritiesFile: String?
    /// Asked for every address before a socket to it is opened, names resolved, so
    /// that no trick with DNS gets past it; false refuses the address. It is called
    /// on the client's own thread and has to answer at once. A kept connection was
    /// asked for when it was made.
    public var addressPolicy: @Sendable (OutboundAddress) -> Bool

    /// 64 calls at once, 1,024 waiting, 32 idle connections, 5 s to connect, every
    /// address allowed.
    public init(
        maxInFlight: Int = 64, maxQueued: Int = 1024, maxIdleConnections: Int = 32,
        connectTimeout: Duration = .seconds(5), maxHeaderBytes: Int = 64 * 1024, userAgent: String = "turngate",
        authoritiesFile: String? = nil, addressPolicy: @escaping @Sendable (OutboundAddress) -> Bool = { _ in true }
    ) {
        self.maxInFlight = maxInFlight
        self.maxQueued = maxQueued
        self.maxIdleConnections = maxIdleConnections
        self.connectTimeout = connectTimeout
        self.maxHeaderBytes = maxHeaderBytes
        self.userAgent = userAgent
        self.authoritiesFile = authoritiesFile
        self.addressPolicy = addressPolicy
    }
}
