import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct StopTests {
    @Test func runningRequest_isAnsweredWithinTheDeadlineAndNewConnectionsAreNot() async throws {
        let started = Signal(), release = Signal()
        try await withServer({ _ in
            started.set()
            await release.wait()
            return text("in time")
        }) { test in
            async let reply = offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                let reply = try client.reply()
                #expect(try client.isEnded())
                return reply
            }
            await started.wait()
            async let stopped: Void = test.server.stop(deadline: .seconds(120))
            try await eventually("nobody is let in") {
                (try? await offThePool { _ = try SocketClient(port: test.port) }) == nil
            }
            release.set()
            let answer = try await reply
            #expect(answer.text == "in time")
            #expect(answer.headers["connection"]?.lowercased() == "close")
            await stopped
            #expect(test.server.gauges == HTTPServerGauges(connections: 0, requestsInFlight: 0, streams: 0))
            #expect(test.server.port == nil)
        }
    }

    @Test func suspendedRequestsAndOpenStreams_areEndedAtTheDeadline() async throws {
        let waiting = Atomic<Int>(0), streaming = Atomic<Int>(0), never = Signal()
        try await withServer({ request in
            if request.path == "/stream" {
                return HTTPResponse(
                    status: 200,
                    body: .stream(
                        HTTPBodyStream { writer in
                            try await writer.write("open")
                            streaming.add(1, ordering: .relaxed)
                            await never.wait()
                            try await writer.write("cancelled")
                        }))
            }
            waiting.add(1, ordering: .relaxed)
            // Deaf to cancellation: the answer comes long after the server has gone.
            await Task { try? await Task.sleep(for: .milliseconds(1500)) }.value
            return text("much too late")
        }) { test in
            async let results = withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<32 {
                    group.addTask {
                        try await offThePool {
                            let client = try SocketClient(port: test.port)
                            client.request(number % 2 == 0 ? "GET /stream" : "GET /wait")
                            if number % 2 != 0 {
                                let reply = try client.reply()
                                return reply.status == 503 && reply.text == "stopping"
                            }
                            _ = try client.head()
                            guard try client.chunk() == Array("open".utf8) else { return false }
                            return (try? client.chunk()) == nil
                        }
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            try await eventually("all are on their way") {
                waiting.load(ordering: .relaxed) == 16 && streaming.load(ordering: .relaxed) == 16
            }
            await test.server.stop(deadline: .milliseconds(50))
            let all = try await results
            #expect(all == [Bool](repeating: true, count: 32))
            #expect(test.server.gauges.connections == 0)
            try await Task.sleep(for: .milliseconds(1700))
        }
    }

    @Test func endlessStream_endsCleanlyAsSoonAsTheStopBegins() async throws {
        try await withServer({ _ in
            HTTPResponse(
                status: 200,
                body: .stream(
                    HTTPBodyStream(atStop: .end) { writer in
                        try await writer.write("event")
                        while true { try await Task.sleep(for: .seconds(60)) }
                    }))
        }) { test in
            let isRead = Signal()
            async let isClean = offThePool {
                let client = try SocketClient(port: test.port)
                client.request("GET /")
                _ = try client.head()
                _ = try client.chunk()
                isRead.set()
                return try client.chunk() == nil
            }
            await isRead.wait()
            let begin = ContinuousClock.now
            await test.server.stop(deadline: .seconds(120))
            #expect(ContinuousClock.now - begin < .seconds(60))
            let endedCleanly = try await isClean
            #expect(endedCleanly)
            #expect(!test.events.all.contains { if case .streamFailed = $0 { true } else { false } })
        }
    }

    @Test func idleAndSilentConnections_doNotHoldUpAStop() async throws {
        try await withServer(echo) { test in
            let clients = try await offThePool {
                let idle = try SocketClient(port: test.port), silent = try SocketClient(port: test.port)
                idle.request("GET /")
                _ = try idle.reply()
                return [StreamTests.Held(idle), StreamTests.Held(silent)]
            }
            let begin = ContinuousClock.now
            await test.server.stop(deadline: .seconds(120))
            #expect(ContinuousClock.now - begin < .seconds(60))
            for client in clients {
                let isEnded = try await offThePool { (try? client.client.isEnded()) ?? true }
                #expect(isEnded)
            }
        }
    }

    @Test func stopUnderLoad_doesNotAbort() async throws {
        for round in 0..<10 {
            try await withServer({ request in
                if request.path == "/stream" {
                    return HTTPResponse(
                        status: 200,
                        body: .stream(
                            HTTPBodyStream { writer in
                                for _ in 0..<1000 {
                                    try await writer.write([UInt8](repeating: 1, count: 1000))
                                    await Task.yield()
                                }
                            }))
                }
                return await echo(request)
            }) { test in
                let isOver = Signal()
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<16 {
                        group.addTask {
                            try? await offThePool {
                                while !isOver.isSet {
                                    let client = try SocketClient(port: test.port)
                                    client.request("GET /\(["now", "slow", "stream"][number % 3])")
                                    _ = try? client.reply()
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

    @Test func secondStartAndSecondStop_areHarmless() async throws {
        try await withServer(echo) { test in
            #expect(throws: HTTPServerError.alreadyStarted) { try test.server.start() }
            await test.server.stop()
            await test.server.stop()
            #expect(throws: HTTPServerError.alreadyStarted) { try test.server.start() }
        }
    }
}
