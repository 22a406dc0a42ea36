import Domain
import OutboundHTTP
import Security

/// The ways out of this process, and what may be reached by each: only our
/// room server goes without the guard, since the operator named it.
struct OutboundCalls: Sendable {
    /// To the room server.
    let roomServer: OutboundHTTPClient
    /// To the users' RPC handlers. A room waits for each of these calls, so they
    /// do not stand in line behind deliveries.
    let handlers: OutboundHTTPClient
    /// To the users' webhooks.
    let webhooks: OutboundHTTPClient

    /// As many calls to handlers as sessions may wait for, many hosts of which
    /// may hang at once.
    private static let handlersInFlight = 512
    private static let handlersInFlightPerHost = 64
    /// More than the deliverer ever makes, tests beside it; to one host as many
    /// as to all, since the deliverer is fair between webhooks, and the webhooks
    /// of many may be behind one host.
    private static let webhooksInFlight = 320

    init(allowing networks: [IPNetwork], version: String) throws {
        let policy = EgressPolicy(allowing: networks)
        let agent = "turngate/\(version)"
        roomServer = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(userAgent: agent))
        handlers = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(
                maxInFlight: Self.handlersInFlight, maxInFlightPerHost: Self.handlersInFlightPerHost,
                maxQueued: 2048, maxQueuedPerHost: 512, maxIdleConnections: 128, userAgent: agent,
                addressPolicy: { policy.allows($0.bytes) }))
        webhooks = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(
                maxInFlight: Self.webhooksInFlight, maxInFlightPerHost: Self.webhooksInFlight,
                maxIdleConnections: 128, userAgent: agent,
                addressPolicy: { policy.allows($0.bytes) }))
    }

    func close() {
        webhooks.close()
        handlers.close()
        roomServer.close()
    }
}
