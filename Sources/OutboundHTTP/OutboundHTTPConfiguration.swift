/// How a client works; one for each kind of destination, since the address
/// policy holds for all of a client's calls.
public struct OutboundHTTPConfiguration: Sendable {
    /// Calls on the wire at once.
    public var maxInFlight: Int
    /// Calls on the wire at once to one host and port; the next ones wait, and
    /// calls to others go past them.
    public var maxInFlightPerHost: Int
    /// Calls that wait for a place; one more is `queueFull`.
    public var maxQueued: Int
    /// Calls to one host and port that wait, so that a host which hangs does not
    /// fill the queue for all; one more is `queueFull`.
    public var maxQueuedPerHost: Int
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
    /// For tests, in the resolver's place: the addresses of a name, asked at each
    /// call. What happens to them afterwards is the same.
    var resolver: (@Sendable (OutboundURL) -> [String])?

    /// 64 calls at once and 1,024 waiting, 16 and 256 of them to one host, 32 idle
    /// connections, 5 s to connect, every address allowed.
    public init(
        maxInFlight: Int = 64, maxInFlightPerHost: Int = 16, maxQueued: Int = 1024, maxQueuedPerHost: Int = 256,
        maxIdleConnections: Int = 32,
        connectTimeout: Duration = .seconds(5), maxHeaderBytes: Int = 64 * 1024, userAgent: String = "turngate",
        authoritiesFile: String? = nil, addressPolicy: @escaping @Sendable (OutboundAddress) -> Bool = { _ in true }
    ) {
        self.maxInFlight = maxInFlight
        self.maxInFlightPerHost = maxInFlightPerHost
        self.maxQueued = maxQueued
        self.maxQueuedPerHost = maxQueuedPerHost
        self.maxIdleConnections = maxIdleConnections
        self.connectTimeout = connectTimeout
        self.maxHeaderBytes = maxHeaderBytes
        self.userAgent = userAgent
        self.authoritiesFile = authoritiesFile
        self.addressPolicy = addressPolicy
    }
}
