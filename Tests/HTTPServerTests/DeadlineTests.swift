import Foundation
import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeadlineTests {
    static let short: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headersDeadline = .milliseconds(300)
        limits.bodyDeadline = .milliseconds(300)
        limits.idleTimeout = .seconds(1)
        return limits
    }()

    /// Drips a byte every 20 ms until the server has had enough.
    static func drip(_ client: SocketClient, _ first: String) {
        client.send(first)
        for _ in 0..<40 {
            usleep(20_000)
            guard client.send("a") == 1 else { return }
        }
    }

    @Test func dripOfAFirstHead_isCutOffWithA408() async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
                usleep(100_000)
                client.send("more")
                try RefusalTests.expect(.headersTimeout, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func silence_isCutOffWithA408() async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                try RefusalTests.expect(.headersTimeout, from: client)
            }
        }
    }

    @Test func dripOfALaterHead_isCutOffWithA408() async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /first")
                #expect(try client.reply().status == 200)
                client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
                try RefusalTests.expect(.headersTimeout, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func slowBody_isCutOffWithA408() async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /", "Content-Length: 1000", body: "part")
                try RefusalTests.expect(.bodyTimeout, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\nX: ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"])
    func endlessDrip_doesNotKeepItsConnection(start: String) async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                Self.drip(client, start)
            }
            try await eventually("the connection is gone") { test.server.gauges.connections == 0 }
        }
    }

    @Test func idleConnection_isClosedWithoutAWord() async throws {
        try await withServer(limits: Self.short, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.reply().status == 200)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func longHandler_isNotADeadlinesBusiness() async throws {
        try await withServer(
            limits: Self.short,
            { _ in
                try? await Task.sleep(for: .milliseconds(1800))
                return text("late but good")
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.reply().text == "late but good")
            }
        }
    }
}
