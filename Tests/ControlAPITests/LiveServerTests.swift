import Domain
import Foundation
import Testing

@testable import ControlAPI

/// Over a real socket: what only the HTTP front and the API together do.
@Suite(.serialized) struct LiveServerTests {
    private let harness: APIHarness
    private let live: LiveServer

    init() throws {
        harness = try APIHarness()
        live = try LiveServer(harness.api)
    }

    @Test func session_isMadeAndRead() async throws {
        let body = #"{"room":"r"}"#
        let answer = try await live.exchange(
            """
            POST /v1/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\nContent-Type: application/json\r
            Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)
            """)
        #expect(answer.hasPrefix("HTTP/1.1 201 "))
        #expect(answer.contains(#""status":"active""#))
        await live.server.stop()
    }

    @Test(arguments: [
        ("application/x-ndjson", "application/x-ndjson"), ("text/csv", "text/csv; charset=utf-8; header=present"),
    ])
    func history_isStreamed(_ accept: String, _ contentType: String) async throws {
        harness.history.configure { $0.chunks = (0..<500).map { "row \($0) \(String(repeating: "x", count: 1000))\n" } }
        let answer = try await live.get("/v1/agent-states", accept: accept)
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("Content-Type: \(contentType)\r\n"))
        #expect(answer.contains("row 0 x") && answer.contains("row 499 x"))
        #expect(answer.hasSuffix("0\r\n\r\n"))
        await live.server.stop()
    }

    @Test func oversizedBody_is413AsAProblem() async throws {
        let answer = try await live.exchange(
            "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("/problems/body-too-large"))
        await live.server.stop()
    }

    @Test func oversizedHead_is431AsAProblem() async throws {
        let answer = try await live.exchange(
            "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "a", count: 40_000))\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 431 "))
        #expect(answer.contains("/problems/headers-too-large"))
        await live.server.stop()
    }

    @Test(arguments: ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 3"])
    func ambiguousFraming_is400AsAProblem(_ fields: String) async throws {
        let answer = try await live.exchange("POST /v1/sessions HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n{}")
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("application/problem+json") && answer.contains("/problems/malformed-request"))
        await live.server.stop()
    }

    @Test func trace_is405WithAllow() async throws {
        let answer = try await live.exchange("TRACE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 405 "))
        #expect(answer.contains("Allow: GET, HEAD, OPTIONS\r\n"))
        await live.server.stop()
    }

    /// Not a test: serves the fakes for schemathesis while this variable says
    /// on which port (`TURNGATE_SERVE_FAKES=8099`), for ten minutes at most.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["TURNGATE_SERVE_FAKES"] != nil))
    func serveFakes() async throws {
        let port = UInt16(ProcessInfo.processInfo.environment["TURNGATE_SERVE_FAKES"] ?? "") ?? 0
        harness.history.configure { $0.summarizesAll = true }
        harness.sessions.configure { $0.nobodySpeaks = true }
        let fakes = try LiveServer(harness.api, port: port)
        try await Task.sleep(for: .seconds(600))
        await fakes.server.stop()
    }
}
