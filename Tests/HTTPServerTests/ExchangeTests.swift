import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ExchangeTests {
    @Test(arguments: ["/now", "/slow"])
    func keepAlive_servesManyRequestsOnOneConnection(path: String) async throws {
        try await withServer(echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for number in 0..<50 {
                    let body = String(repeating: "x", count: number * 100)
                    client.request("POST \(path)", "Content-Length: \(body.utf8.count)", body: body)
                    let reply = try client.reply()
                    #expect(reply.status == 200)
                    #expect(reply.text == "POST \(path) \(body.utf8.count)")
                    #expect(reply.headers["connection"]?.lowercased() != "close")
                    #expect(reply.headers["date"] != nil)
                    #expect(reply.headers["server"] == nil)
                }
            }
            try await eventually("the connection is gone") { test.server.gauges.connections == 0 }
            #expect(test.server.gauges.requestsInFlight == 0)
        }
    }

    @Test func pipelinedRequests_areAnsweredInOrder() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                let paths = (0..<40).map { $0 % 3 == 0 ? "/slow\($0)" : "/now\($0)" }
                client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: test\r\n\r\n" }.joined())
                for path in paths { #expect(try client.reply().text == "GET \(path) 0") }
            }
        }
    }

    @Test func head_hasTheLengthAndNoBody() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("HEAD /thing")
                let head = try client.reply(toHead: true)
                #expect(head.status == 200)
                #expect(head.headers["content-length"] == "\("HEAD /thing 0".utf8.count)")
                client.request("GET /after")
                #expect(try client.reply().text == "GET /after 0")
            }
        }
    }

    @Test func chunkedBody_arrivesWhole() async throws {
        try await withServer({ text(String(decoding: $0.body, as: UTF8.self)) }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request(
                    "POST /", "Transfer-Encoding: chunked", body: "5\r\nHello\r\n7;x=y\r\n, world\r\n0\r\n\r\n")
                #expect(try client.reply().text == "Hello, world")
                client.request("GET /")
                #expect(try client.reply().status == 200)
            }
        }
    }

    @Test func requestDetails_arriveAsSent() async throws {
        try await withServer({ request in
            let parts = [
                request.target.raw, request.path, request.query["a"] ?? "-",
                request.query.all("b").joined(separator: ","),
                request.headers["x-Thing"] ?? "-", request.headers.all("X-MANY").joined(separator: ","),
                request.remoteAddress ?? "-",
            ]
            return text(parts.joined(separator: "|"))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /p%20q?a=1%2B1&b=x+y&b=", "X-Thing: yes", "X-Many: 1", "x-many: 2")
                #expect(try client.reply().text == "/p%20q?a=1%2B1&b=x+y&b=|/p%20q|1+1|x y,|yes|1,2|127.0.0.1")
            }
        }
    }

    @Test func oddResponses_areMadeSendable() async throws {
        try await withServer({ request in
            switch request.path {
            case "/204": HTTPResponse(status: 204, body: .bytes([1, 2, 3]))
            case "/99": HTTPResponse(status: 99)
            case "/empty": HTTPResponse(status: 200)
            default:
                HTTPResponse(
                    status: 200,
                    headers: [
                        "X-A": "1\r\nX-B: 2", "Date": "never", "Content-Length": "5", "X-C": "3", "Set-Cookie": "a",
                    ],
                    body: .bytes(Array("Hi".utf8)))
            }
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for (path, status) in [("/204", 204), ("/99", 500), ("/empty", 200)] {
                    client.request("GET \(path)")
                    let reply = try client.reply()
                    #expect(reply.status == status)
                    #expect(reply.body.isEmpty)
                }
                client.request("GET /headers")
                let reply = try client.reply()
                #expect(reply.text == "Hi")
                #expect(reply.headers["x-a"] == nil && reply.headers["x-b"] == nil && reply.headers["x-c"] == "3")
                #expect(reply.headers["date"] != "never")
            }
        }
    }

    @Test func http10_closesAfterItsAnswer() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.send("GET /old HTTP/1.0\r\n\r\n")
                #expect(try client.reply().text == "GET /old 0")
                #expect(try client.isEnded())
            }
        }
    }

    @Test func clientThatClosesItsSideAfterTheRequest_isAnsweredAndLetGo() async throws {
        try await withServer(echo) { test in
            try await offThePool {
                for isLater in [false, true] {
                    let client = try SocketClient(port: test.port)
                    if isLater {
                        client.request("GET /first")
                        #expect(try client.reply().status == 200)
                    }
                    client.request("GET /last")
                    client.shutDownWriting()
                    #expect(try client.reply().text == "GET /last 0")
                    #expect(try client.isEnded())
                }
            }
        }
    }

    @Test func sixtyFourClients_areServedAtOnce() async throws {
        try await withServer(echo) { test in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await offThePool {
                            let client = try SocketClient(port: test.port)
                            var good = 0
                            for turn in 0..<50 {
                                let path = turn % 2 == 0 ? "/slow\(number)" : "/now\(number)"
                                client.request("GET \(path)")
                                if try client.reply().text == "GET \(path) 0" { good += 1 }
                            }
                            return good
                        }
                    }
                }
                let good = try await group.reduce(0, +)
                #expect(good == 64 * 50)
            }
        }
    }

    @Test func clientThatLeaves_cancelsItsHandler() async throws {
        let started = Signal(), cancelled = Signal(), never = Signal()
        try await withServer({ _ in
            started.set()
            await never.wait()
            if Task.isCancelled { cancelled.set() }
            return text("too late")
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                started.block()
                client.close()
            }
            try await eventually("the handler is cancelled") { cancelled.isSet }
            try await eventually("the connection is gone") { test.server.gauges.connections == 0 }
        }
    }

    @Test func tooManyRequests_getA503AndTheConnectionGoesOn() async throws {
        var limits = HTTPLimits()
        limits.concurrentRequests = 1
        let started = Signal(), release = Signal()
        try await withServer(
            limits: limits,
            { request in
                if request.path == "/wait" {
                    started.set()
                    await release.wait()
                }
                return text("done")
            }
        ) { test in
            try await offThePool {
                let first = try SocketClient(port: test.port), second = try SocketClient(port: test.port)
                first.request("GET /wait")
                started.block()
                second.request("GET /")
                let refused = try second.reply()
                #expect(refused.status == 503)
                #expect(refused.text == "overloaded")
                #expect(refused.headers["retry-after"] == "1")
                release.set()
                #expect(try first.reply().text == "done")
                second.request("GET /")
                #expect(try second.reply().text == "done")
            }
        }
    }
}
