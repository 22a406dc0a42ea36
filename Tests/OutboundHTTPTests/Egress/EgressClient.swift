import Foundation
import Security

@testable import OutboundHTTP

/// A client behind the egress policy, as the composition root builds it.
enum EgressClient {
    static func configuration(allowing networks: [String]) throws -> OutboundHTTPConfiguration {
        let policy = EgressPolicy(allowing: try networks.map { try IPNetwork($0) })
        return OutboundHTTPConfiguration(
            maxInFlightPerHost: 64, connectTimeout: .seconds(4), addressPolicy: { policy.allows($0.bytes) })
    }

    struct Ending: Sendable {
        let url: HostileURL
        /// Nil where an answer came.
        let error: OutboundError?
        let duration: Duration
    }

    /// Calls all of `urls`, some at a time, and tells how each has ended.
    static func call(
        _ urls: [HostileURL], port: UInt16, _ configuration: OutboundHTTPConfiguration, timeout: Duration = .seconds(5)
    ) async throws -> [Ending] {
        let client = try OutboundHTTPClient(configuration: configuration)
        defer { client.close() }
        return await withTaskGroup(of: Ending.self) { group in
            for url in urls {
                group.addTask {
                    let request = OutboundRequest(method: .get, url: url.url(port: port), timeout: timeout)
                    let start = ContinuousClock.now
                    let error = await client.failure(of: request)
                    return Ending(url: url, error: error, duration: ContinuousClock.now - start)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
