import Foundation
import TestSupport
import Testing

@testable import OutboundHTTP

@Suite struct LimitTests {
    @Test func serverThatNeverAnswers_isTimedOut() async throws {
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let started = ContinuousClock.now
        let error = await client.failure(
            of: OutboundRequest(method: .get, url: server.url, timeout: .milliseconds(100)))
        #expect(error?.kind == .timeout)
        #expect(ContinuousClock.now - started >= .milliseconds(100))
        #expect(ContinuousClock.now - started < .seconds(60))
    }

    @Test func bodyThatDripsForEver_isTimedOutAllTheSame() async throws {
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write(".") { usleep(10_000) }
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let error = await client.failure(
            of: OutboundRequest(method: .get, url: server.url, timeout: .milliseconds(150)))
        #expect(error?.kind == .timeout)
    }

    @Test(arguments: ["Content-Length: 1000000000\r\n", "Content-Length: 1001\r\n", ""])
    func bodyOverTheLimit_isTooLargeAndTheServerIsHungUpOn(length: String) async throws {
        let ended = Signal()
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n\(length)\r\n")
            let piece = [UInt8](repeating: 120, count: 1001)
            while connection.write(piece), !length.contains("1001") {}
            connection.waitForEnd()
            ended.raise()
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let error = await client.failure(of: OutboundRequest(method: .get, url: server.url, maxResponseBytes: 1000))
        #expect(error == .tooLarge(limit: 1000))
        #expect(await ended.wait())
    }

    @Test(arguments: [0, 1, 1000, 1_000_000])
    func bodyOfExactlyTheLimit_isTaken(count: Int) async throws {
        let server = try LocalServer.answering { connection, _ in
            connection.answer([UInt8](repeating: 120, count: count))
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let response = try await client.send(OutboundRequest(method: .get, url: server.url, maxResponseBytes: count))
        #expect(response.body.count == count)
    }

    @Test(arguments: ["X-Filler: 0123456789\r\n", "\r\nHTTP/1.1 103 Early Hints\r\n"])
    func headerThatNeverEnds_isTooLarge(filler: String) async throws {
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 103 Early Hints\r\n")
            while connection.write(filler) {}
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxHeaderBytes: 10_000))
        defer { client.close() }
        #expect(await client.failure(of: OutboundRequest(method: .get, url: server.url)) == .tooLarge(limit: 10_000))
    }

    /// One call holds the only place; the next waits, the one after that is refused.
    @Test func queue_isBoundedAndItsWaitHasAnEnd() async throws {
        let arrived = Signal()
        let server = try LocalServer { connection in
            _ = connection.readRequest()
            arrived.raise()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlight: 1, maxQueued: 1))
        defer { client.close() }
        let url = server.url
        let first = Task { await client.failure(of: OutboundRequest(method: .get, url: url, timeout: .seconds(300))) }
        #expect(await arrived.wait())
        let second = await client.failure(of: OutboundRequest(method: .get, url: url, timeout: .milliseconds(50)))
        #expect(second == .timedOut(cause: nil))
        // Two more for one place in the queue: one of them waits, the other is refused.
        let third = Task { await client.failure(of: OutboundRequest(method: .get, url: url, timeout: .seconds(300))) }
        let fourth = Task { await client.failure(of: OutboundRequest(method: .get, url: url, timeout: .seconds(300))) }
        let refused = Signal()
        let watchers = [third, fourth].map { call in
            Task {
                if await call.value == .queueFull(limit: 2) { refused.raise() }
            }
        }
        #expect(await refused.wait())
        first.cancel()
        third.cancel()
        fourth.cancel()
        for watcher in watchers { await watcher.value }
        #expect(await first.value == .cancelled)
        #expect([await third.value, await fourth.value].filter { $0 == .cancelled }.count == 1)
        #expect(server.accepted <= 2)
    }

    @Test(arguments: [
        "", "/path", "127.0.0.1:80", "localhost:80/x", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
        "unix:/run/x", "http://", "http://user@127.0.0.1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/\0", "http://127.0.0.1:99999/", "http://[::1/",
        "http://127.0.0.1/" + String(repeating: "x", count: 20_000),
    ])
    func urlThatIsNotOurs_isRefusedBeforeAnySocket(url: String) async throws {
        let client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(addressPolicy: { address in
                Issue.record("a socket was about to be opened to \(address)")
                return false
            }))
        defer { client.close() }
        guard case .invalidRequest? = await client.failure(of: OutboundRequest(method: .get, url: url)) else {
            Issue.record("\(url) was not refused as invalid")
            return
        }
    }

    @Test(arguments: [
        OutboundHeader("", "x"), OutboundHeader("a b", "x"), OutboundHeader("a:", "x"), OutboundHeader("é", "x"),
        OutboundHeader("X", "a\r\nY: b"), OutboundHeader("X", "a\nb"), OutboundHeader("X", "a\0b"),
        OutboundHeader("Host", "elsewhere"), OutboundHeader("content-LENGTH", "3"),
        OutboundHeader("Transfer-Encoding", "chunked"), OutboundHeader("X", String(repeating: "x", count: 70_000)),
    ])
    func headerThatCouldChangeTheMessage_isRefused(header: OutboundHeader) async throws {
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let request = OutboundRequest(method: .get, url: "http://127.0.0.1:1/", headers: [header])
        guard case .invalidRequest(let reason)? = await client.failure(of: request) else {
            Issue.record("not refused")
            return
        }
        #expect(!reason.contains("\n"))
    }

    @Test func boundsOutsideOfReason_areRefused() async throws {
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let url = "http://127.0.0.1:1/"
        for request in [
            OutboundRequest(method: .get, url: url, timeout: .zero),
            OutboundRequest(method: .get, url: url, timeout: .seconds(-1)),
            OutboundRequest(method: .get, url: url, timeout: .seconds(3601)),
            OutboundRequest(method: .get, url: url, maxResponseBytes: -1),
            OutboundRequest(method: .get, url: url, body: [1]),
            OutboundRequest(method: .head, url: url, body: [1]),
        ] {
            guard case .invalidRequest? = await client.failure(of: request) else {
                Issue.record("not refused: \(request)")
                continue
            }
        }
    }
}
