import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

/// Bodies that a handler reads while they come, and that come to their end.
@Suite(.timeLimit(.minutes(5))) struct UploadTests {
    @Test func pieces_arriveBeforeTheUploadEnds() async throws {
        let seen = Mutex<[UInt8]>([])
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                do {
                    #expect(request.body.isEmpty)
                    guard let body = request.bodyStream else { return text("none", status: 500) }
                    for try await piece in body { seen.withLock { $0 += piece } }
                } catch {
                    return text("\(error)", status: 400)
                }
                return text("whole")
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 12")
                for (number, part) in ["one ", "two ", "four"].enumerated() {
                    client.send(part)
                    let deadline = ContinuousClock.now + .seconds(60)
                    while seen.withLock({ $0.count }) < (number + 1) * 4, .now < deadline { usleep(1000) }
                    #expect(seen.withLock { $0.count } == (number + 1) * 4)
                }
                #expect(try client.reply().text == "whole")
            }
            #expect(seen.withLock { String(decoding: $0, as: UTF8.self) } == "one two four")
        }
    }

    @Test func uploadsOfEveryFraming_areReadWholeOnOneConnection() async throws {
        try await withServer(bodyRule: Upload.rule(), Upload.digest) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for _ in 0..<3 {
                    client.request("POST /up", "Content-Length: 5", body: "\u{1}\u{2}\u{3}\u{4}\u{5}")
                    #expect(try client.reply().text == "POST 5 15")
                    client.request("POST /up", "Content-Length: 0")
                    #expect(try client.reply().text == "POST 0 0")
                    client.request("POST /up")
                    #expect(try client.reply().text == "POST 0 0")
                    client.request(
                        "PUT /up", "Transfer-Encoding: chunked",
                        body: "2\r\n\u{1}\u{2}\r\n3;x=y\r\n\u{3}\u{4}\u{5}\r\n0\r\nTrailer: x\r\n\r\n")
                    #expect(try client.reply().text == "PUT 5 15")
                    client.request("GET /up", "Content-Length: 1", body: "\u{7}")
                    #expect(try client.reply().text == "GET 1 7")
                    client.request("HEAD /up", "Content-Length: 1", body: "\u{7}")
                    #expect(try client.reply(toHead: true).headers["content-length"] == "\("HEAD 1 7".utf8.count)")
                    client.request("POST /collected", "Content-Length: 2", body: "ab")
                    #expect(try client.reply().text == "no stream, 2")
                }
            }
            try await eventually("nothing is left") { test.server.gauges.connections == 0 }
            #expect(test.server.gauges.requestsInFlight == 0)
        }
    }

    @Test func pipelinedRequestsBehindAnUpload_areAnsweredInOrder() async throws {
        try await withServer(bodyRule: Upload.rule(), Upload.digest) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                let upload = "POST /up HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n\u{1}\u{1}\u{1}"
                let chunked =
                    "POST /up HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\u{9}\r\n0\r\n\r\n"
                client.send(String(repeating: upload + chunked + "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", count: 20))
                for _ in 0..<20 {
                    #expect(try client.reply().text == "POST 3 3")
                    #expect(try client.reply().text == "POST 1 9")
                    #expect(try client.reply().text == "no stream, 0")
                }
            }
        }
    }

    @Test(arguments: [true, false]) func largeUpload_arrivesWholeThroughASlowReader(isChunked: Bool) async throws {
        let total = 8 * 1024 * 1024
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                var count = 0, sum = 0, largest = 0
                do {
                    while let piece = try await request.bodyStream?.next() {
                        if count % 7 == 0 { try? await Task.sleep(for: .microseconds(200)) }
                        count += piece.count
                        largest = max(largest, piece.count)
                        sum = piece.reduce(sum) { $0 &+ Int($1) }
                    }
                } catch {
                    return text("\(error)", status: 400)
                }
                #expect(largest <= 80 * 1024)
                return text("\(count) \(sum)")
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                let block = (0..<65536).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) }
                let sum = block.reduce(0) { $0 + Int($1) } * (total / block.count)
                client.request("POST /up", isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(total)")
                for _ in 0..<(total / block.count) {
                    if isChunked { client.send("10000\r\n") }
                    client.send(block)
                    if isChunked { client.send("\r\n") }
                }
                if isChunked { client.send("0\r\n\r\n") }
                #expect(try client.reply().text == "\(total) \(sum)")
                client.request("GET /next")
                #expect(try client.reply().text == "0 0")
            }
        }
    }

    @Test func readerThatRests_holdsTheClientBack() async throws {
        let total = 100 * 1024 * 1024, sent = Upload.Count(), goOn = Signal()
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                await goOn.wait()
                var count = 0
                while let piece = try? await request.bodyStream?.next() { count += piece.count }
                return text("\(count)")
            }
        ) { test in
            async let reply = offThePool {
                let client = try SocketClient(port: test.port, seconds: 240)
                client.request("POST /up", "Content-Length: \(total)")
                let block = [UInt8](repeating: 1, count: 64 * 1024)
                for _ in 0..<(total / block.count) { sent.add(client.send(block)) }
                return try client.reply()
            }
            // The client comes to rest: what fits into the sockets and our buffer is sent.
            var before = -1
            while before != sent.value || before == 0 {
                before = sent.value
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(before < total / 2)
            goOn.set()
            let answer = try await reply
            #expect(answer.text == "\(total)")
        }
    }

    @Test func expectContinue_isAnsweredBeforeTheBody() async throws {
        try await withServer(bodyRule: Upload.rule(bytes: 1000), Upload.digest) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for _ in 0..<3 {
                    client.request("POST /up", "Content-Length: 3", "Expect: 100-continue")
                    #expect(String(decoding: try client.receive(), as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
                    client.send("\u{1}\u{1}\u{1}")
                    #expect(try client.reply().text == "POST 3 3")
                }
                client.request("POST /up", "Content-Length: 1001", "Expect: 100-continue")
                try RefusalTests.expect(.bodyTooLarge, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func twoHundredUploads_runSideBySide() async throws {
        try await withServer(bodyRule: Upload.rule(), Upload.digest) { test in
            try await offThePool {
                let clients = try (0..<200).map { _ in try SocketClient(port: test.port) }
                for client in clients { client.request("POST /up", "Content-Length: 200000") }
                for round in 0..<10 {
                    let block = [UInt8](repeating: UInt8(round), count: 20_000)
                    for client in clients { #expect(client.send(block) == block.count) }
                }
                for client in clients {
                    #expect(try client.reply().text == "POST 200000 \(45 * 20_000)")
                    client.request("GET /next")
                }
                for client in clients { #expect(try client.reply().text == "no stream, 0") }
            }
        }
    }

    @Test func rule_isAskedOnceForEveryRequest() async throws {
        let asked = Mutex<[String]>([])
        try await withServer(
            bodyRule: { head in
                asked.withLock { $0.append("\(head.method) \(head.rawTarget) \(head.headers["X"] ?? "-")") }
                return .collected
            }, Upload.digest
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /a?b", "X: 1", "Content-Length: 5", body: "abcde")
                #expect(try client.reply().text == "no stream, 5")
                client.request("GET /c")
                #expect(try client.reply().text == "no stream, 0")
            }
            #expect(asked.withLock { $0 } == ["POST /a?b 1", "GET /c -"])
        }
    }

    @Test func bodyOfAClosure_isReadLikeOneOfAServer() async throws {
        let pieces = Mutex<[[UInt8]]>([[1, 2], [3]])
        let body = HTTPRequestBody { () async throws(HTTPBodyError) -> [UInt8]? in
            let piece = pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            if piece == [3] { throw .pauseTooLong }
            return piece
        }
        var seen: [UInt8] = []
        await #expect(throws: HTTPBodyError.pauseTooLong) { for try await piece in body { seen += piece } }
        #expect(seen == [1, 2])
        #expect(try await body.next() == nil)
    }
}
