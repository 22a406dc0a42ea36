/// What a server is told once.
public struct HTTPServerConfiguration: Sendable {
    /// Where it listens; at least one.
    public var addresses: [HTTPListenAddress]
    /// Its bounds.
    public var limits = HTTPLimits()
    /// Network threads, 1…64. Handlers run on them until their first suspension.
    public var threads = 2
    /// How a request's body is taken. Asked once for every request without a
    /// fault, when its head is complete, on a network thread: it must be quick.
    public var bodyRule: @Sendable (HTTPRequestHead) -> HTTPBodyRule = { _ in .collected }

    /// Listens on one address.
    public init(address: HTTPListenAddress) {
        addresses = [address]
    }

    /// Listens on several addresses.
    public init(addresses: [HTTPListenAddress]) {
        self.addresses = addresses
    }
}
