import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

/// Bodies that do not come to their end: the handler, the client, the clock or the server ends them.
@Suite(.timeLimit(.minutes(5))) struct UploadBreakTests {
    static func problem(_ status: Int) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/problem+json"],
            body: .bytes(Array("{\"status\":\(status),\"padding\":\"\(String(repeating: "x", count: 3000))\"}".utf8)))
    }

    static func expectProblem(_ status: Int, from client: SocketClient) throws {
        let reply = try client.reply()
        #expect(reply.status == status)
        #expect(reply.headers["content-type"] == "application/problem+json")
        guard case .bytes(let body) = problem(status).body else { return }
        #expect(reply.body == body)
    }

    // MARK: The handler answers early

    @Test(arguments: ["Content-Length: 40000000", "Transfer-Encoding: chunked"], [true, false])
    func earlyAnswer_reachesAClientThatStillSends(framing: String, isImmediate: Bool) async throws {
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                if !isImmediate { _ = try? await request.bodyStream?.next() }
                return Self.problem(422)
            }
        ) { test in
            for isLater in [false, true] {
                try await offThePool {
                    let client = try SocketClient(port: test.port)
                    if isLater {
                        client.request("GET /first")
                        #expect(try client.reply().status == 422)
                    }
                    client.request("POST /up", framing)
                    // All of it, before a look at the answer, as simple clients do.
                    let chunk = "10000\r\n" + String(repeating: "x", count: 65536) + "\r\n"
                    let block = framing.hasPrefix("T") ? Array(chunk.utf8) : [UInt8](repeating: 1, count: 65536)
                    for _ in 0..<600 { #expect(client.send(block) == block.count) }
                    try Self.expectProblem(422, from: client)
                    #expect(try client.isEnded())
                }
            }
            try await eventually("nothing is left") { test.server.gauges.connections == 0 }
        }
    }

    @Test(arguments: ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
    func earlyAnswer_reachesAClientThatPauses(framing: String) async throws {
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                _ = try? await request.bodyStream?.next()
                return Self.problem(422)
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", framing, body: "5\r\nabcde\r\n")
                try Self.expectProblem(422, from: client)
                #expect(try client.isEnded())
            }
            try await eventually("nothing is left") { test.server.gauges.connections == 0 }
        }
    }

    @Test(arguments: [true, false])
    func earlyAnswerToAClientThatStays_doesNotKeepItsConnection(isImmediate: Bool) async throws {
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                if !isImmediate { _ = try? await request.bodyStream?.next() }
                return Self.problem(400)
            }
        ) { test in
            let client = try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 1000000", body: "some")
                try Self.expectProblem(400, from: client)
                return StreamTests.Held(client)
            }
            // The client neither sends nor closes: the front does not wait for it for ever.
            try await eventually("nothing is left") { test.server.gauges.connections == 0 }
            client.client.close()
        }
    }

    @Test(arguments: ["Content-Length: 60000", "Transfer-Encoding: chunked"])
    func handlerThatNeverReads_answersAndASmallRestKeepsTheConnection(framing: String) async throws {
        try await withServer(bodyRule: Upload.rule(), { _ in Self.problem(400) }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                let body = String(repeating: "x", count: 60000)
                for _ in 0..<5 {
                    client.request(
                        "POST /up", framing, body: framing.hasPrefix("T") ? "EA60\r\n\(body)\r\n0\r\n\r\n" : body)
                    try Self.expectProblem(400, from: client)
                }
                client.request("GET /next")
                try Self.expectProblem(400, from: client)
            }
        }
    }

    @Test func answerBeforeAnExpectedBody_comesInsteadOfTheInvitation() async throws {
        try await withServer(bodyRule: Upload.rule(), { _ in Self.problem(401) }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 1000000", "Expect: 100-continue")
                let start = String(decoding: try client.receive(atMost: 12), as: UTF8.self)
                #expect(start == "HTTP/1.1 401")
                #expect(try String(decoding: client.rest(), as: UTF8.self).hasSuffix("x\"}"))
            }
        }
    }

    @Test func oddEarlyAnswers_areMadeSendable() async throws {
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                HTTPResponse(status: request.path == "/up/204" ? 204 : 99, body: .bytes([1, 2, 3]))
            }
        ) { test in
            try await offThePool {
                for (path, status) in [("/up/204", 204), ("/up/99", 500)] {
                    let client = try SocketClient(port: test.port)
                    client.request("POST \(path)", "Content-Length: 1000000", "Expect: 100-continue")
                    let reply = try client.reply()
                    #expect(reply.status == status)
                    #expect(reply.headers["content-length"] == (status == 204 ? nil : "0"))
                    #expect(try client.isEnded())
                }
            }
        }
    }

    @Test func answerTooLongForTheMiddle_comesAtTheBodysEnd() async throws {
        let answer = [UInt8](repeating: 5, count: 300_000)
        try await withServer(
            bodyRule: Upload.rule(pause: .milliseconds(300)),
            { _ in HTTPResponse(status: 200, body: .bytes(answer)) }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 500000")
                client.send([UInt8](repeating: 1, count: 500_000))
                #expect(try client.reply().body == answer)
                client.request("POST /up", "Content-Length: 500000", body: "and no more")
                try RefusalTests.expect(.bodyTimeout, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    @Test func streamedAnswer_waitsForTheBodysEnd() async throws {
        let answered = Signal()
        try await withServer(
            bodyRule: Upload.rule(bytes: 1_000_000),
            { _ in
                answered.set()
                return HTTPResponse(status: 200, body: .stream(HTTPBodyStream { try await $0.write("streamed") }))
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 1000000")
                answered.block()
                client.send([UInt8](repeating: 1, count: 1_000_000))
                #expect(try client.reply().text == "streamed")
                client.request("POST /up", "Transfer-Encoding: chunked")
                client.send("100000\r\n")
                client.send([UInt8](repeating: 1, count: 0x100000))
                try RefusalTests.expect(.bodyTooLarge, from: client)
                #expect(try client.isEnded())
            }
        }
    }

    // MARK: Too much, too slow

    @Test func bodyBeyondItsLimit_isRefusedByLengthAndBrokenOffInChunks() async throws {
        let caught = Upload.Caught()
        try await withServer(
            bodyRule: Upload.rule(bytes: 100_000),
            { request in
                caught.add(await Upload.drain(request.bodyStream))
                return Self.problem(413)
            }
        ) { test in
            try await offThePool {
                let declared = try SocketClient(port: test.port)
                declared.request("POST /up", "Content-Length: 100001")
                try RefusalTests.expect(.bodyTooLarge, from: declared)
                #expect(try declared.isEnded())
                let chunked = try SocketClient(port: test.port)
                chunked.request("POST /up", "Transfer-Encoding: chunked")
                let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
                for _ in 0..<2000 { #expect(chunked.send(chunk) == chunk.utf8.count) }
                try Self.expectProblem(413, from: chunked)
                #expect(try chunked.isEnded())
            }
            #expect(caught.all == [.tooManyBytes])
        }
    }

    @Test func collectedBody_keepsItsOwnLimitBesideALargerStream() async throws {
        try await withServer(limits: RefusalTests.small, bodyRule: Upload.rule(), Upload.digest) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 10001", body: String(repeating: "\u{1}", count: 10001))
                #expect(try client.reply().text == "POST 10001 10001")
                client.request("POST /else", "Content-Length: 10001", body: String(repeating: "\u{1}", count: 10001))
                try RefusalTests.expect(.bodyTooLarge, from: client)
            }
        }
    }

    @Test(arguments: [HTTPBodyError.pauseTooLong, .tookTooLong])
    func clientThatIsTooSlow_isToldAndTheHandlerToo(error: HTTPBodyError) async throws {
        let caught = Upload.Caught(), isPause = error == .pauseTooLong
        try await withServer(
            bodyRule: Upload.rule(
                pause: isPause ? .milliseconds(300) : .seconds(40), whole: isPause ? .seconds(600) : .milliseconds(300)),
            { request in
                caught.add(await Upload.drain(request.bodyStream))
                return Self.problem(408)
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 1000", body: "part")
                if !isPause { DeadlineTests.drip(client, "a") }
                try Self.expectProblem(408, from: client)
                #expect(try client.isEnded())
            }
            #expect(caught.all == [error])
        }
    }

    @Test func timeOfTheHandler_isNotTheClients() async throws {
        let total = 300_000
        try await withServer(
            limits: DeadlineTests.short,
            bodyRule: Upload.rule(pause: .seconds(20), whole: .milliseconds(800)),
            { request in
                // The buffer is full long before, and the front does not wait for the client.
                try? await Task.sleep(for: .milliseconds(2500))
                return await Upload.digest(request)
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: \(total)")
                client.send([UInt8](repeating: 1, count: total))
                #expect(try client.reply().text == "POST \(total) \(total)")
            }
        }
    }

    // MARK: The client goes

    enum Moment: CaseIterable {
        /// The handler waits for the next piece.
        case reading
        /// The buffer is full, the connection put aside, the handler busy otherwise.
        case full
        /// The handler has read all that came and does something else.
        case busy
    }

    @Test(arguments: Moment.allCases) func clientThatLeaves_breaksOffItsUpload(moment: Moment) async throws {
        let started = Signal(), cancelled = Signal(), never = Signal(), caught = Upload.Caught()
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                if moment != .full { _ = try? await request.bodyStream?.next() }
                started.set()
                if moment != .reading { await never.wait() }
                caught.add(await Upload.drain(request.bodyStream))
                // Which of the two comes first is nobody's business.
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.set() }
                return text("too late")
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 100000000", body: "part")
                // More than the front holds, and less than the socket does beside it:
                // beyond that the client's end waits on the client's machine.
                if moment == .full { client.send([UInt8](repeating: 1, count: 60_000)) }
                started.block()
                client.close()
            }
            try await eventually("the handler is told") { caught.all == [.clientGone] }
            try await eventually("nothing is left") { test.server.gauges.connections == 0 }
            try await eventually("the handler is cancelled") { cancelled.isSet }
        }
    }

    @Test func brokenChunks_breakOffTheUpload() async throws {
        let caught = Upload.Caught()
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                caught.add(await Upload.drain(request.bodyStream))
                return text("too late")
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Transfer-Encoding: chunked", body: "2\r\nab\r\nnonsense\r\n")
                #expect(try client.reply().status == 400)
                #expect(try client.isEnded())
            }
            try await eventually("the handler is told") { caught.all == [.clientGone] }
        }
    }

    @Test func taskThatIsCancelledWhileItReads_isTold() async throws {
        let caught = Upload.Caught()
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                let body = request.bodyStream
                let reader = Task { caught.add(await Upload.drain(body)) }
                let second = Task { caught.add(await Upload.drain(body)) }
                try? await eventually("one is turned away") { caught.all == [.overlappingRead] }
                reader.cancel()
                second.cancel()
                await reader.value
                await second.value
                return await Upload.digest(request)
            }
        ) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 4")
                let deadline = ContinuousClock.now + .seconds(60)
                while caught.all.count < 2, .now < deadline { usleep(1000) }
                client.send("\u{1}\u{1}\u{1}\u{1}")
                #expect(try client.reply().text == "POST 4 4")
            }
            #expect(caught.all == [.overlappingRead, .cancelled])
        }
    }

    @Test func bodyKeptBeyondTheAnswer_throws() async throws {
        let kept = Mutex<HTTPRequestBody?>(nil)
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                kept.withLock { $0 = request.bodyStream }
                return Self.problem(400)
            }
        ) { test in
            let client = try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("POST /up", "Content-Length: 100000000")
                try Self.expectProblem(400, from: client)
                return StreamTests.Held(client)
            }
            let body = try #require(kept.withLock { $0 })
            await #expect(throws: HTTPBodyError.answered) { try await body.next() }
            client.client.close()
        }
    }

    // MARK: The server stops

    @Test func stop_endsUploadsInEveryState() async throws {
        let arrived = Atomic<Int>(0), never = Signal(), caught = Upload.Caught()
        try await withServer(
            bodyRule: Upload.rule(),
            { request in
                arrived.add(1, ordering: .relaxed)
                switch request.path {
                case "/up/early": return Self.problem(400)
                case "/up/deaf":
                    await Task { try? await Task.sleep(for: .milliseconds(1500)) }.value
                    caught.add(await Upload.drain(request.bodyStream))
                case "/up/full": await never.wait()
                default: break
                }
                if request.path != "/up/deaf" { caught.add(await Upload.drain(request.bodyStream)) }
                await never.wait()
                return text("too late")
            }
        ) { test in
            // Waiting for the client, for the handler, put aside, and already answered.
            let paths = ["/up/wait", "/up/whole", "/up/full", "/up/early", "/up/deaf"]
            async let statuses = withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<20 {
                    let path = paths[number % 5]
                    group.addTask {
                        try await offThePool {
                            let client = try SocketClient(port: test.port)
                            let length = path == "/up/whole" ? 4 : path == "/up/early" ? 2000 : 100_000_000
                            client.request("POST \(path)", "Content-Length: \(length)", body: "part")
                            if path == "/up/full" || path == "/up/deaf" {
                                client.send([UInt8](repeating: 1, count: 200_000))
                            }
                            return try client.head().status
                        }
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            try await eventually("all are on their way") { arrived.load(ordering: .relaxed) == 20 }
            try await eventually("whole bodies are read") { caught.all.contains(nil) }
            await test.server.stop(deadline: .milliseconds(50))
            let all = try await statuses
            #expect(all.sorted() == [Int](repeating: 400, count: 4) + [Int](repeating: 503, count: 16))
            #expect(test.server.gauges.connections == 0)
            try await eventually("every reader is told") { caught.all.count == 16 }
            #expect(caught.all.count { $0 == .serverStopping } == 12)
            #expect(caught.all.count { $0 == nil } == 4)
        }
    }

    @Test func stopUnderUploads_doesNotAbort() async throws {
        for round in 0..<10 {
            try await withServer(
                bodyRule: Upload.rule(),
                { request in
                    switch request.path {
                    case "/up/slow":
                        while let piece = try? await request.bodyStream?.next(), !piece.isEmpty {
                            try? await Task.sleep(for: .microseconds(300))
                        }
                        return text("slow")
                    case "/up/early":
                        _ = try? await request.bodyStream?.next()
                        return Self.problem(400)
                    default: return text("\(String(describing: await Upload.drain(request.bodyStream)))")
                    }
                }
            ) { test in
                let isOver = Signal()
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            try? await offThePool {
                                while !isOver.isSet {
                                    let client = try SocketClient(port: test.port)
                                    let path = ["slow", "early", "digest"][number % 3]
                                    client.request("POST /up/\(path)", "Content-Length: 400000")
                                    client.send([UInt8](repeating: 1, count: number % 2 == 0 ? 400_000 : 200_000))
                                    if number % 4 == 0 { continue }
                                    if number % 2 == 0 { _ = try? client.reply() }
                                }
                            }
                        }
                    }
                    group.addTask {
                        try? await Task.sleep(for: .milliseconds(50))
                        await test.server.stop(deadline: .milliseconds(round * 3))
                        isOver.set()
                    }
                }
                #expect(test.server.gauges.connections == 0)
            }
        }
    }
}
