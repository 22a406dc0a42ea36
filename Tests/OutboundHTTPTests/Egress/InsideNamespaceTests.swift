import Foundation
import Testing

@testable import OutboundHTTP

/// In the network that `Peers/own_network.py` makes: all addresses are local, and
/// the names of its zone resolve. Started by `NamespaceTests` only.
@Suite(.enabled(if: NamespaceTests.isInside), .serialized)
struct InsideNamespaceTests {
    static let everything = ["0.0.0.0/0", "::/0"]

    @Test func hostileURLs_reachNoForbiddenAddress() async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let configuration = try EgressClient.configuration(allowing: [])
        let endings = try await EgressClient.call(HostileURLs.all, port: listener.port, configuration)
        for ending in endings {
            #expect(ending.error != nil, "\(ending.url) was answered")
            #expect(ending.duration < .seconds(30), "\(ending.url)")
            let expected = ending.url.arrival == .nowhere ? nil : "refused_address"
            #expect(
                expected == nil || ending.error?.label == expected, "\(ending.url): \(String(describing: ending.error))"
            )
        }
        #expect(listener.destinations == [])
    }

    /// The control group: without the guard all of them arrive; and past the
    /// proxies that the environment names in here.
    @Test func hostileURLs_withEverythingAllowed_arrive() async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let rows = HostileURLs.all.filter { $0.arrival != .nowhere }
        let configuration = try EgressClient.configuration(allowing: Self.everything)
        let endings = try await EgressClient.call(rows, port: listener.port, configuration)
        for ending in endings where !ending.url.text.lowercased().hasPrefix("https") {
            #expect(ending.error == nil, "\(ending.url): \(String(describing: ending.error))")
        }
        #expect(listener.destinations.count >= rows.count)
        #expect(rows.count >= 150)
    }

    /// Also the ports that a URL does not name.
    @Test func defaultPorts_areGuardedTheSameWay() async throws {
        let listeners = try [80, 443].map { try EveryAddressListener(port: $0) }
        defer { for listener in listeners { listener.stop() } }
        let urls = ["http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "http://[fd00:ec2::254]/"]
        let rows = urls.map { HostileURL(text: $0, arrival: .elsewhere) }
        let guarded = try EgressClient.configuration(allowing: [])
        let endings = try await EgressClient.call(rows, port: 0, guarded)
        #expect(endings.allSatisfy { $0.error?.label == "refused_address" })
        #expect(listeners.allSatisfy { $0.destinations.isEmpty })
        _ = try await EgressClient.call(rows, port: 0, try EgressClient.configuration(allowing: Self.everything))
        #expect(Set(listeners[0].destinations) == ["169.254.169.254", "fd00:ec2::254"])
        #expect(listeners[1].destinations == ["169.254.169.254"])
    }

    /// The name server gives a public address first, and forbidden ones from then
    /// on; each call is a client's first, so that nothing is remembered.
    @Test(arguments: [
        ("rebind.test", "93.184.216.34"), ("rebind6.test", "2606:4700::1111"), ("rebind-mapped.test", "93.184.216.34"),
        ("rebind-alias.test", "93.184.216.34"),
    ])
    func nameThatRebinds_isFollowedToThePublicAddressOnly(name: String, address: String) async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let row = HostileURL(text: "http://\(name):{port}/", arrival: .elsewhere)
        let configuration = try EgressClient.configuration(allowing: [])
        let first = try await EgressClient.call([row], port: listener.port, configuration)
        #expect(first.map(\.error) == [nil])
        for _ in 0..<2 {
            let next = try await EgressClient.call([row], port: listener.port, configuration)
            #expect(next.map { $0.error?.label } == ["refused_address"])
        }
        #expect(listener.destinations == [address])
        let open = try EgressClient.configuration(allowing: Self.everything)
        _ = try await EgressClient.call([row], port: listener.port, open)
        #expect(listener.destinations.count == 2 && listener.destinations.last != address)
    }

    /// Forbidden addresses in the same answer as a public one are passed over.
    @Test(arguments: ["mixed.test", "mixed-last.test", "mixed-six.test"])
    func nameWithAPublicAddressToo_goesThere(name: String) async throws {
        let listener = try EveryAddressListener()
        defer { listener.stop() }
        let rows = (0..<10).map { HostileURL(text: "http://\(name):{port}/\($0)", arrival: .elsewhere) }
        let configuration = try EgressClient.configuration(allowing: [])
        let endings = try await EgressClient.call(rows, port: listener.port, configuration)
        #expect(endings.allSatisfy { $0.error == nil })
        #expect(Set(listener.destinations) == ["93.184.216.34"])
    }
}
