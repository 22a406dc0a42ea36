import Synchronization
import Testing

@testable import OutboundHTTP

/// The guard on this machine: nothing leaves it, and what would stay on it is
/// held up too. `NamespaceTests` does the same with a network of its own.
struct EgressTests {
    /// What the rows that arrive on this machine arrive at.
    static let here = ["127.0.0.0/8", "0.0.0.0", "::1", "::"]

    @Test func table_isLongAndHoldsNoRowTwice() {
        #expect(HostileURLs.all.count >= 150)
        #expect(Set(HostileURLs.all.map(\.text)).count == HostileURLs.all.count)
    }

    @Test func hostileURLs_makeNoConnection() async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let configuration = try EgressClient.configuration(allowing: [])
        let endings = try await EgressClient.call(HostileURLs.all, port: listener.port, configuration)
        #expect(endings.count == HostileURLs.all.count)
        for ending in endings {
            #expect(ending.error != nil, "\(ending.url) was answered")
            #expect(ending.duration < .seconds(60), "\(ending.url)")
            #expect(ending.error?.mayHaveActed == false, "\(ending.url): \(String(describing: ending.error))")
            // What can be called at all was refused for its address and not for
            // some accident on the way.
            guard [.here, .hereOverIPv6].contains(ending.url.arrival) else { continue }
            #expect(ending.error?.label == "refused_address", "\(ending.url): \(String(describing: ending.error))")
        }
        #expect(listener.destinations == [])
    }

    /// The control group: with this machine allowed, the same URLs arrive.
    @Test func hostileURLs_withThisMachineAllowed_arrive() async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let rows = HostileURLs.all.filter { $0.arrival == .here || ($0.arrival == .hereOverIPv6 && listener.hasIPv6) }
        let configuration = try EgressClient.configuration(allowing: Self.here)
        let endings = try await EgressClient.call(rows, port: listener.port, configuration)
        for ending in endings where !ending.url.text.lowercased().hasPrefix("https") {
            #expect(ending.error == nil, "\(ending.url): \(String(describing: ending.error))")
        }
        #expect(listener.destinations.count >= rows.count)
        #expect(rows.count >= 45)
    }

    /// A name that has an allowed address when it is looked at and another one
    /// when it is called. The allowed one is this machine's second address here;
    /// `NamespaceTests` has a name server and a public address.
    @Test func nameThatTurnsToAnotherAddress_isFollowedToTheAllowedOneOnly() async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let asked = Mutex(0)
        var configuration = try EgressClient.configuration(allowing: ["127.0.0.2"])
        configuration.resolver = { _ in
            asked.withLock { count in
                count += 1
                return count == 1 ? ["127.0.0.2"] : ["127.0.0.1"]
            }
        }
        let client = try OutboundHTTPClient(configuration: configuration)
        defer { client.close() }
        let request = OutboundRequest(method: .get, url: "http://rebind.test:\(listener.port)/")
        #expect(try await client.send(request).status == 204)
        for _ in 0..<5 {
            let refused = OutboundAddress(bytes: [127, 0, 0, 1], port: listener.port)
            #expect(await client.failure(of: request) == refused.map(OutboundError.refusedAddress))
        }
        #expect(listener.destinations == ["127.0.0.2"])
        #expect(asked.withLock { $0 } == 6)
    }

    /// Of a name's addresses only the allowed ones are tried, in whatever order.
    @Test(arguments: [
        ["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["[::1]", "127.0.0.3", "127.0.0.2"],
        ["10.0.0.1", "169.254.169.254", "127.0.0.2"],
    ])
    func nameWithAllowedAndForbiddenAddresses_goesToTheAllowedOne(addresses: [String]) async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        var configuration = try EgressClient.configuration(allowing: ["127.0.0.2"])
        configuration.resolver = { _ in addresses }
        let client = try OutboundHTTPClient(configuration: configuration)
        defer { client.close() }
        let url = "http://both.test:\(listener.port)/"
        #expect(try await client.send(OutboundRequest(method: .get, url: url)).status == 204)
        #expect(listener.destinations == ["127.0.0.2"])
    }
}
