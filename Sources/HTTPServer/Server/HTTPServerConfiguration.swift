/// What a server is told once.
public struct HTTPServerConfiguration: Sendable, Equatable {
    /// Where it listens; at least one.
    public var addresses: [HTTPListenAddress]
    /// Its bounds.
    public var limits = HTTPLimits()
    /// Network threads, 1…64. Handlers run on them until their first suspension.
    public var threads = 2

    /// Listens on one address.
    public init(address: HTTPListenAddress) {
        addresses = [address]
    }

    /// Listens on several addresses.
    public init(addresses: [HTTPListenAddress]) {
        self.addresses = addresses
    }
}
