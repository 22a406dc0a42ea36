import Foundation
import Synchronization
import TestSupport
import Testing

@testable import OutboundHTTP

/// A host that hangs holds up the calls to it and no others.
struct PerHostTests {
    /// Takes requests and never answers.
    func hanging(_ arrived: Signal) throws -> LocalServer {
        try LocalServer { connection in
            guard connection.readRequest() != nil else { return }
            arrived.raise()
            connection.waitForEnd()
        }
    }

    @Test func hangingHost_takesItsOwnPlacesAndNoOthers() async throws {
        let arrived = Signal()
        let bad = try hanging(arrived)
        defer { bad.stop() }
        let good = try LocalServer.answering { connection, _ in connection.answer([1]) }
        defer { good.stop() }
        let client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(maxInFlight: 3, maxInFlightPerHost: 2, maxQueued: 100))
        defer { client.close() }
        let stuck = OutboundRequest(method: .get, url: bad.url, timeout: .seconds(300))
        let calls = (0..<20).map { _ in Task { await client.failure(of: stuck) } }
        #expect(await arrived.wait(times: 2))
        for _ in 0..<30 {
            #expect(try await client.send(OutboundRequest(method: .get, url: good.url)).body == [1])
        }
        #expect(bad.accepted == 2)
        for call in calls { call.cancel() }
        for call in calls { #expect(await call.value == .cancelled) }
        // The places are free again, for the same host too.
        let again = (0..<2).map { _ in Task { await client.failure(of: stuck) } }
        #expect(await arrived.wait(times: 4))
        for call in again { call.cancel() }
        for call in again { #expect(await call.value == .cancelled) }
    }

    @Test func callThatWaitsForABusyHost_keepsItsTimeout() async throws {
        let arrived = Signal()
        let server = try hanging(arrived)
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlightPerHost: 1))
        defer { client.close() }
        let url = server.url
        let first = Task { await client.failure(of: OutboundRequest(method: .get, url: url, timeout: .seconds(300))) }
        #expect(await arrived.wait())
        let start = ContinuousClock.now
        let error = await client.failure(of: OutboundRequest(method: .post, url: url, timeout: .milliseconds(100)))
        #expect(error == .timedOut(cause: nil))
        #expect(error?.mayHaveActed == false)
        #expect((.milliseconds(100)...(.seconds(60))).contains(ContinuousClock.now - start))
        first.cancel()
        #expect(await first.value == .cancelled)
        #expect(server.accepted == 1)
    }

    @Test func queueOfAHangingHost_isBoundedAndLeavesRoomForOthers() async throws {
        let arrived = Signal()
        let bad = try hanging(arrived)
        defer { bad.stop() }
        let good = try LocalServer.answering { connection, _ in connection.answer([1]) }
        defer { good.stop() }
        let client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(
                maxInFlight: 2, maxInFlightPerHost: 1, maxQueued: 8, maxQueuedPerHost: 3))
        defer { client.close() }
        let stuck = OutboundRequest(method: .get, url: bad.url, timeout: .seconds(300))
        let refused = Signal()
        let calls = (0..<12).map { _ in
            Task {
                let error = await client.failure(of: stuck)
                if error == .queueFull(limit: 4) { refused.raise() }
                return error
            }
        }
        // One on the wire and three in the queue; all the others are told so.
        #expect(await refused.wait(times: 8))
        #expect(try await client.send(OutboundRequest(method: .get, url: good.url)).body == [1])
        for call in calls { call.cancel() }
        let errors = await withTaskGroup(of: OutboundError?.self) { group in
            for call in calls { group.addTask { await call.value } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.filter { $0 == .cancelled }.count == 4)
        #expect(errors.filter { $0 == .queueFull(limit: 4) }.count == 8)
    }

    /// Never more than the bound at once, all get through, in the order they came.
    @Test func callsToOneHost_takeTurns() async throws {
        let active = Mutex((now: 0, most: 0))
        let server = try LocalServer.answering { connection, request in
            active.withLock { active in
                active.now += 1
                active.most = max(active.most, active.now)
            }
            usleep(1000)
            active.withLock { $0.now -= 1 }
            connection.answer(request.body)
        }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlightPerHost: 3))
        defer { client.close() }
        let url = server.url
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let body = Array("call \(number)".utf8)
                    return try await client.send(OutboundRequest(method: .post, url: url, body: body)).body == body
                }
            }
            for try await isOwn in group { #expect(isOwn) }
        }
        #expect(active.withLock { $0.most } <= 3)
        #expect(server.accepted <= 3)
    }

    /// Writing a host in another way gets no more places.
    @Test func hostInAnotherSpelling_isTheSameHost() async throws {
        let arrived = Signal()
        let server = try hanging(arrived)
        defer { server.stop() }
        var configuration = OutboundHTTPConfiguration(maxInFlightPerHost: 1)
        configuration.resolver = { _ in ["127.0.0.1"] }
        let client = try OutboundHTTPClient(configuration: configuration)
        defer { client.close() }
        let port = server.port
        let first = Task {
            await client.failure(
                of: OutboundRequest(method: .get, url: "http://a.test:\(port)/", timeout: .seconds(99)))
        }
        #expect(await arrived.wait())
        for host in ["A.test", "a.TEST.", "%61.test"] {
            let request = OutboundRequest(method: .get, url: "http://\(host):\(port)/", timeout: .milliseconds(50))
            #expect(await client.failure(of: request) == .timedOut(cause: nil), "\(host)")
        }
        first.cancel()
        #expect(await first.value == .cancelled)
        #expect(server.accepted == 1)
    }

    /// A kept connection belongs to the name it was made for, even where another
    /// name has the same address.
    @Test func keptConnection_isNotSharedWithAnotherName() async throws {
        let server = try LocalServer.answering { connection, request in
            connection.answer(Array((request.header("Host") ?? "").utf8))
        }
        defer { server.stop() }
        var configuration = OutboundHTTPConfiguration()
        configuration.resolver = { _ in ["127.0.0.1"] }
        let client = try OutboundHTTPClient(configuration: configuration)
        defer { client.close() }
        for _ in 0..<3 {
            for host in ["a.test", "b.test", "127.0.0.1"] {
                let request = OutboundRequest(method: .get, url: "http://\(host):\(server.port)/")
                #expect(try await client.send(request).body == Array("\(host):\(server.port)".utf8))
            }
        }
        #expect(server.accepted == 3)
    }
}
