import HTTPServer
import TestSupport
import Testing

/// Every case on a fresh connection, where the doorway sees it, and again after
/// a good request, where libmicrohttpd has parsed it.
@Suite(.timeLimit(.minutes(5))) struct RefusalTests {
    /// What becomes of a case that libmicrohttpd has parsed.
    enum Later: Sendable {
        /// It is refused in our shape.
        case front
        /// libmicrohttpd answers with the same status, in HTML, and closes.
        case engine
        /// The same, but the client may see a reset instead, or libmicrohttpd
        /// closes without a word.
        case engineOrClose
        /// libmicrohttpd sees nothing wrong, or waits for more.
        case tolerated
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let bytes: String
        let error: HTTPFrontError
        /// Who answers on a connection in use.
        var later = Later.front

        var testDescription: String { "\(error): \(bytes.prefix(60).debugDescription)" }
    }

    static let small: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 10_000
        limits.headerBytes = 4096
        limits.targetBytes = 1024
        limits.headerFields = 20
        return limits
    }()

    static func get(_ target: String, _ fields: String...) -> String {
        (["GET \(target) HTTP/1.1", "Host: test"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    static let cases: [Case] = [
        Case(bytes: "rubbish\r\n\r\n", error: .malformedRequestLine, later: .engineOrClose),
        Case(bytes: "GET /\r\n\r\n", error: .malformedRequestLine, later: .engine),
        Case(bytes: "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", error: .malformedRequestLine, later: .tolerated),
        Case(bytes: "GET / HTTP/1.1x\r\n\r\n", error: .malformedRequestLine, later: .engine),
        Case(bytes: "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", error: .malformedRequestLine, later: .tolerated),
        Case(bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", error: .unsupportedVersion, later: .engine),
        Case(bytes: get("/", "no colon here"), error: .malformedHeader, later: .engine),
        Case(bytes: get("/", "Name : value"), error: .malformedHeader),
        Case(bytes: get("/", "A: b", " folded"), error: .malformedHeader, later: .tolerated),
        Case(bytes: get("/", ": nameless"), error: .malformedHeader, later: .tolerated),
        Case(bytes: get("/", "A: b\u{1}c"), error: .malformedHeader),
        Case(bytes: get("/a\u{e9}b"), error: .badTarget),
        Case(bytes: get("no-slash"), error: .badTarget),
        Case(bytes: "GET / HTTP/1.1\r\n\r\n", error: .badHost),
        Case(bytes: get("/", "Host: two"), error: .badHost),
        Case(
            bytes: get("/", "Content-Length: 3", "Transfer-Encoding: chunked") + "abc",
            error: .bothLengthAndTransferEncoding),
        Case(bytes: get("/", "Content-Length: 3", "Content-Length: 3") + "abc", error: .duplicateContentLength),
        Case(bytes: get("/", "Content-Length: +3") + "abc", error: .invalidContentLength, later: .engine),
        Case(bytes: get("/", "Content-Length: 3, 3") + "abc", error: .invalidContentLength, later: .engine),
        Case(bytes: get("/", "Transfer-Encoding: gzip"), error: .unsupportedTransferEncoding),
        Case(bytes: get("/", "Transfer-Encoding: gzip, chunked"), error: .unsupportedTransferEncoding),
        Case(bytes: get("/", "Expect: miracles"), error: .unsupportedExpectation),
        Case(bytes: get("/" + String(repeating: "t", count: 1100)), error: .targetTooLong),
        Case(bytes: get("/", "A: " + String(repeating: "h", count: 4096)), error: .headersTooLarge),
        Case(
            bytes: "GET / HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "h", count: 200_000), error: .headersTooLarge,
            later: .engineOrClose),
        Case(bytes: "GET /" + String(repeating: "t", count: 100_000), error: .targetTooLong, later: .engineOrClose),
        Case(
            bytes: "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 30) + "\r\n",
            error: .headersTooLarge),
        Case(bytes: get("/", "Content-Length: 10001"), error: .bodyTooLarge),
        Case(bytes: get("/", "Content-Length: 99999999999999999999999"), error: .bodyTooLarge, later: .engine),
        Case(bytes: "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", error: .methodNotImplemented),
        Case(bytes: "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", error: .badTarget),
    ]

    @Test(arguments: cases)
    func firstRequest_isRefusedInOurShape(refused: Case) async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.send(refused.bytes)
                try Self.expect(refused.error, from: client)
                #expect(try client.isEnded())
            }
            #expect(test.events.all.contains(.refused(refused.error, remoteAddress: "127.0.0.1")))
        }
    }

    @Test(arguments: cases.filter { $0.later == .front })
    func laterRequest_isRefusedInOurShape(refused: Case) async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /first")
                #expect(try client.reply().status == 200)
                client.send(refused.bytes)
                try Self.expect(refused.error, from: client)
            }
        }
    }

    @Test(arguments: cases.filter { $0.later == .engine })
    func laterRequestThatCannotBeParsed_isRefusedByTheEngineAndEndsTheConnection(refused: Case) async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /first")
                #expect(try client.reply().status == 200)
                client.send(refused.bytes)
                let reply = try client.reply()
                #expect(reply.status == refused.error.status)
                // Its HTML; after its own head a second time, where the Content-Length was the fault.
                #expect(reply.headers["content-type"] != "application/problem+json")
            }
            try await eventually("the connection is gone") { test.server.gauges.connections == 0 }
        }
    }

    @Test(arguments: cases.filter { $0.later == .engineOrClose })
    func laterRequestThatCannotBeParsed_endsTheConnection(refused: Case) async throws {
        try await withServer(limits: Self.small, echo) { test in
            let client = try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /first")
                #expect(try client.reply().status == 200)
                client.send(refused.bytes)
                return StreamTests.Held(client)
            }
            // The server lets go while the client still holds on.
            try await eventually("the connection is gone") { test.server.gauges.connections == 0 }
            try await offThePool { client.client.close() }
        }
    }

    static func expect(_ error: HTTPFrontError, from client: SocketClient) throws {
        let reply = try client.reply()
        #expect(reply.status == error.status)
        #expect(reply.text == "\(error)")
        #expect(reply.headers["content-type"] == "application/problem+json")
        #expect(reply.headers["date"] != nil)
    }

    @Test func bigBodyByLength_isRefusedWhileTheClientStillSends() async throws {
        try await withServer(limits: Self.small, echo) { test in
            for isLater in [false, true] {
                try await offThePool {
                    let client = try SocketClient(port: test.port)
                    if isLater {
                        client.request("GET /first")
                        #expect(try client.reply().status == 200)
                    }
                    client.request("POST /big", "Content-Length: 20000000")
                    // All of it, before a look at the answer, as simple clients do.
                    #expect(client.send([UInt8](repeating: 1, count: 20_000_000)) == 20_000_000)
                    try Self.expect(.bodyTooLarge, from: client)
                    #expect(try client.isEnded())
                }
            }
        }
    }

    @Test func bigBodyInChunks_isRefusedWhileTheClientStillSends() async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /big", "Transfer-Encoding: chunked")
                let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
                for _ in 0..<2000 { #expect(client.send(chunk) == chunk.utf8.count) }
                client.send("0\r\n\r\n")
                try Self.expect(.bodyTooLarge, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func expectContinue_isAnsweredOrRefusedBeforeTheBody() async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /small", "Content-Length: 3", "Expect: 100-continue")
                #expect(String(decoding: try client.receive(), as: UTF8.self).hasPrefix("HTTP/1.1 100"))
                client.send("abc")
                #expect(try client.reply().text == "POST /small 3")
                client.request("POST /big", "Content-Length: 10001", "Expect: 100-continue")
                try Self.expect(.bodyTooLarge, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func bodyAtTheLimit_isTaken() async throws {
        try await withServer(limits: Self.small, echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /", "Content-Length: 10000", body: String(repeating: "x", count: 10_000))
                #expect(try client.reply().text == "POST / 10000")
            }
        }
    }

    @Test func headAtTheLimit_isTaken() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for _ in 0..<3 {
                    let frame = "GET /big HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n".utf8.count
                    client.send(
                        "GET /big HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "h", count: 32 * 1024 - frame)
                            + "\r\n\r\n")
                    #expect(try client.reply().text == "GET /big 0")
                }
            }
        }
    }

    @Test func headOfManyRecords_isRefusedInOurShape() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                for bytes in [
                    Self.get("/?" + String(repeating: "a&", count: 4000)),
                    Self.get("/", "Cookie: " + String(repeating: "a;", count: 10_000)),
                ] {
                    let client = try SocketClient(port: test.port)
                    client.send(bytes)
                    try Self.expect(.headersTooLarge, from: client)
                }
            }
        }
    }

    @Test func connectionsBeyondTheLimit_getA503() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        try await withServer(limits: limits, echo) { test in
            try await offThePool {
                let first = try SocketClient(port: test.port), second = try SocketClient(port: test.port)
                for client in [first, second] {
                    client.request("GET /")
                    #expect(try client.reply().status == 200)
                }
                let third = try SocketClient(port: test.port)
                try Self.expect(.tooManyConnections, from: third)
                first.close()
            }
            try await eventually("a place is free") { test.server.gauges.connections < 2 }
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.reply().status == 200)
            }
        }
    }

    @Test func connectionsOfOneAddressBeyondItsLimit_getA503() async throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddress = 1
        try await withServer(limits: limits, echo) { test in
            try await offThePool {
                let first = try SocketClient(port: test.port)
                first.request("GET /")
                #expect(try first.reply().status == 200)
                try Self.expect(.tooManyConnections, from: SocketClient(port: test.port))
            }
        }
    }
}
