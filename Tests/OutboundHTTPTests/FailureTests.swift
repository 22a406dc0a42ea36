import Foundation
import Synchronization
import TestSupport
import Testing

@testable import OutboundHTTP

@Suite struct FailureTests {
    @Test func portWhereNobodyListens_isCouldNotConnect() async throws {
        let port = try LocalServer.unusedPort()
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: "http://127.0.0.1:\(port)/"))
        guard case .couldNotConnect(let cause)? = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(cause.message.contains("127.0.0.1"))
    }

    /// A label of 64 letters cannot be in DNS, so no name server is asked.
    @Test func nameThatCannotBe_isCouldNotResolve() async throws {
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let name = String(repeating: "a", count: 64) + ".test"
        let error = await client.failure(of: OutboundRequest(method: .get, url: "http://\(name)/"))
        #expect(error?.kind == .resolve)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ])
    func connectionClosedInTheMiddle_isConnectionLost(answer: String) async throws {
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: server.url))
        #expect(error?.kind == .lost, "\(String(describing: error))")
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "hello"])
    func answerThatIsNotHTTP_isBadResponse(answer: String) async throws {
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write(answer)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        #expect(await client.failure(of: OutboundRequest(method: .get, url: server.url))?.kind == .response)
    }

    @Test func plainServerBehindHTTPS_isATLSError() async throws {
        let server = try LocalServer { connection in
            connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: "https://127.0.0.1:\(server.port)/"))
        #expect(error?.kind == .tls)
    }

    @Test func addressThatThePolicyRefuses_isNeverConnectedTo() async throws {
        let server = try LocalServer.answering { connection, _ in connection.answer([]) }
        defer { server.stop() }
        let asked = Mutex<[String]>([])
        let client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(addressPolicy: { address in
                asked.withLock { $0.append(address.description) }
                return false
            }))
        defer { client.close() }
        let expected = try #require(OutboundAddress(bytes: [127, 0, 0, 1], port: server.port))
        // Other ways to write 127.0.0.1 end at the same address.
        for host in ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.1"] {
            let error = await client.failure(of: OutboundRequest(method: .get, url: "http://\(host):\(server.port)/"))
            #expect(error == .refusedAddress(expected))
        }
        #expect(asked.withLock { $0 } == Array(repeating: "127.0.0.1:\(server.port)", count: 5))
        #expect(server.accepted == 0)
    }

    /// `localhost` is 127.0.0.1 and ::1: the policy sees what it resolved to.
    @Test func nameWithARefusedAndAnAllowedAddress_goesToTheAllowedOne() async throws {
        let server = try LocalServer.answering { connection, _ in connection.answer([7]) }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(addressPolicy: { !$0.isIPv6 }))
        defer { client.close() }
        let url = "http://localhost:\(server.port)/"
        #expect(try await client.send(OutboundRequest(method: .get, url: url)).body == [7])
        let strict = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(addressPolicy: { _ in false }))
        defer { strict.close() }
        guard case .refusedAddress(let address)? = await strict.failure(of: OutboundRequest(method: .get, url: url))
        else {
            Issue.record("localhost was not refused")
            return
        }
        #expect(address.port == server.port)
    }

    @Test func address_isWrittenAsInURLs() {
        #expect(OutboundAddress(bytes: [192, 0, 2, 1], port: 80)?.description == "192.0.2.1:80")
        #expect(
            OutboundAddress(bytes: [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1], port: 443)?
                .description == "[2001:db8::1]:443")
        #expect(OutboundAddress(bytes: [1, 2, 3], port: 1) == nil)
    }

    /// The whole of an IPv6 address reaches the policy, not its first part only.
    @Test func addressOfIPv6_isSeenWhole() async throws {
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(addressPolicy: { _ in false }))
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: "http://[2001:db8::dead:beef]:81/"))
        let tail: [UInt8] = [0xDE, 0xAD, 0xBE, 0xEF]
        let bytes = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 8) + tail
        #expect(error == OutboundAddress(bytes: bytes, port: 81).map(OutboundError.refusedAddress))
    }
}
