import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamTests {
    struct Oops: Error {}

    @Test func stream_arrivesWholeAndTheConnectionGoesOn() async throws {
        try await withServer({ request in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        for number in 0..<200 {
                            try await writer.write("line \(number)\n")
                            if number % 50 == 0 { try await Task.sleep(for: .milliseconds(1)) }
                        }
                    }))
        }) { test in
            let expected = (0..<200).map { "line \($0)\n" }.joined()
            try await offThePool {
                let client = try SocketClient(port: test.port)
                for _ in 0..<3 {
                    client.request("GET /")
                    let reply = try client.reply()
                    #expect(reply.headers["transfer-encoding"] == "chunked")
                    #expect(reply.text == expected)
                }
                let old = try SocketClient(port: test.port)
                old.send("GET / HTTP/1.0\r\n\r\n")
                #expect(try old.reply().text == expected)
            }
            try await eventually("no stream is left") { test.server.gauges.streams == 0 }
        }
    }

    @Test func eachWrite_arrivesWithoutWaitingForTheNext() async throws {
        let goOn = Signal()
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        try await writer.write("first")
                        await goOn.wait()
                        try await writer.write("second")
                    }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                _ = try client.head()
                #expect(try client.chunk() == Array("first".utf8))
                goOn.set()
                #expect(try client.chunk() == Array("second".utf8))
                #expect(try client.chunk() == nil)
            }
        }
    }

    @Test func pieceLargerThanTheBuffer_arrivesWhole() async throws {
        let piece = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        try await withServer({ _ in
            HTTPResponse(status: 200, body: .stream(HTTPBodyStream { try await $0.write(piece) }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.reply().body == piece)
            }
        }
    }

    @Test func slowReader_holdsTheProducerBack() async throws {
        let written = Atomic<Int>(0), total = 64 * 1024 * 1024
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        let piece = [UInt8](repeating: 7, count: 16 * 1024)
                        while written.load(ordering: .relaxed) < total {
                            try await writer.write(piece)
                            written.add(piece.count, ordering: .relaxed)
                        }
                    }))
        }) { test in
            let client = try await offThePool {
                let client = try SocketClient(port: test.port, receiveBuffer: 16 * 1024)
                client.request("GET /")
                return Held(client)
            }
            // The producer comes to rest: what fits into the socket and our buffer is written.
            var before = -1
            while before != written.load(ordering: .relaxed) || before == 0 {
                before = written.load(ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(before < 16 * 1024 * 1024)
            let received = try await offThePool { try client.client.reply().body.count }
            #expect(received == total)
        }
    }

    /// The client goes from one thread to another, never to two at a time.
    struct Held: @unchecked Sendable {
        let client: SocketClient
        init(_ client: SocketClient) { self.client = client }
    }

    @Test(arguments: [true, false])
    func clientThatLeaves_cancelsTheProducer(isWriting: Bool) async throws {
        let ended = Mutex<(any Error)?>(nil), wasCancelled = Signal(), never = Signal()
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        do {
                            try await writer.write("hello")
                            while isWriting { try await writer.write([UInt8](repeating: 0, count: 32 * 1024)) }
                            await never.wait()
                            if Task.isCancelled { wasCancelled.set() }
                            try await writer.write("into the void")
                        } catch {
                            if Task.isCancelled { wasCancelled.set() }
                            ended.withLock { $0 = error }
                            throw error
                        }
                    }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                _ = try client.head()
                _ = try client.chunk()
                client.close()
            }
            try await eventually("the producer is told") { ended.withLock { $0 as? HTTPStreamClosed == .clientGone } }
            try await eventually("nothing is left") { test.server.gauges.streams + test.server.gauges.connections == 0 }
            #expect(isWriting || wasCancelled.isSet)
        }
    }

    @Test func streamThatIsAbandoned_isCutAlsoWhileItsWriteWaits() async throws {
        let kept = Mutex<HTTPBodyWriter?>(nil), ended = Mutex<(any Error)?>(nil)
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        kept.withLock { $0 = writer }
                        do {
                            while true { try await writer.write([UInt8](repeating: 7, count: 64 * 1024)) }
                        } catch {
                            ended.withLock { $0 = error }
                            throw error
                        }
                    }))
        }) { test in
            let client = try await offThePool {
                let client = try SocketClient(port: test.port, receiveBuffer: 16 * 1024)
                client.request("GET /")
                _ = try client.head()
                return Held(client)
            }
            // The head may be there before the producer has begun.
            try await eventually("the producer writes") { kept.withLock { $0 != nil } }
            #expect(ended.withLock { $0 == nil })
            kept.withLock { $0 }?.abandon()
            try await eventually("the producer is told") { ended.withLock { $0 as? HTTPStreamClosed == .clientGone } }
            try await eventually("nothing is left") { test.server.gauges.streams + test.server.gauges.connections == 0 }
            await #expect(throws: SocketClient.Failure.self) {
                try await offThePool { while try client.client.chunk() != nil {} }
            }
        }
    }

    @Test func descriptorLimit_isNeverLowered() {
        let before = DescriptorLimit.raise(to: 0)
        #expect(before > 0)
        #expect(DescriptorLimit.raise(to: before + 1) >= before)
        #expect(DescriptorLimit.raise(to: 1) >= before)
    }

    @Test func producerThatThrows_cutsTheConnectionWithoutALastChunk() async throws {
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        try await writer.write("partial")
                        try await Task.sleep(for: .milliseconds(20))
                        throw Oops()
                    }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.head().status == 200)
                #expect(try client.chunk() == Array("partial".utf8))
                #expect(throws: SocketClient.Failure.self) { try client.chunk() }
            }
            #expect(test.events.all.contains(.streamFailed(reason: "Oops")))
        }
    }

    @Test func head_neverStartsTheProducer() async throws {
        let started = Signal()
        try await withServer({ _ in
            HTTPResponse(status: 200, body: .stream(HTTPBodyStream { _ in started.set() }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("HEAD /")
                #expect(try client.reply(toHead: true).status == 200)
                #expect(try client.isEnded())
            }
            #expect(!started.isSet)
        }
    }

    @Test func writerKeptAfterTheEnd_throws() async throws {
        let kept = Mutex<HTTPBodyWriter?>(nil)
        try await withServer({ _ in
            HTTPResponse(status: 200, body: .stream(HTTPBodyStream { writer in kept.withLock { $0 = writer } }))
        }) { test in
            try await offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                #expect(try client.reply().body.isEmpty)
            }
            let writer = try #require(kept.withLock { $0 })
            await #expect(throws: HTTPStreamClosed.self) { try await writer.write("x") }
        }
    }

    @Test func manyStreams_runSideBySide() async throws {
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream { writer in
                        for number in 0..<100 {
                            try await writer.write("\(number),")
                            await Task.yield()
                        }
                    }))
        }) { test in
            let expected = (0..<100).map { "\($0)," }.joined()
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        try await offThePool {
                            let client = try SocketClient(port: test.port)
                            return try (0..<5).allSatisfy { _ in
                                client.request("GET /")
                                return try client.reply().text == expected
                            }
                        }
                    }
                }
                for try await isWhole in group { #expect(isWhole) }
            }
        }
    }
}
