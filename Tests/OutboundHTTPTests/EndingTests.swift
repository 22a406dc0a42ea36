import Foundation
import TestSupport
import Testing

@testable import OutboundHTTP

@Suite struct EndingTests {
    /// A server that says when a request has come and when its client has gone.
    func silent(arrived: Signal, ended: Signal) throws -> LocalServer {
        try LocalServer { connection in
            guard connection.readRequest() != nil else { return }
            arrived.raise()
            connection.waitForEnd()
            ended.raise()
        }
    }

    @Test func cancellingTheTask_endsTheCallAndItsConnection() async throws {
        let arrived = Signal(), ended = Signal()
        let server = try silent(arrived: arrived, ended: ended)
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let request = OutboundRequest(method: .get, url: server.url, timeout: .seconds(60))
        let call = Task { await client.failure(of: request) }
        #expect(await arrived.wait())
        call.cancel()
        #expect(await call.value == .cancelled)
        #expect(await ended.wait())
    }

    @Test func taskCancelledBeforeItCalls_sendsNothing() async throws {
        let server = try LocalServer.answering { connection, _ in connection.answer([]) }
        defer { server.stop() }
        let client = try OutboundHTTPClient()
        defer { client.close() }
        let request = OutboundRequest(method: .get, url: server.url)
        let call = Task {
            while !Task.isCancelled { await Task.yield() }
            return await client.failure(of: request)
        }
        call.cancel()
        #expect(await call.value == .cancelled)
        #expect(server.accepted == 0)
    }

    /// Cancellation and answer race; whichever wins, the call ends once and its
    /// place comes free.
    @Test func cancellingAtAnyMoment_neverLosesACallOrAPlace() async throws {
        let server = try LocalServer.answering { connection, _ in connection.answer([1]) }
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlight: 2, maxQueued: 18))
        defer { client.close() }
        let request = OutboundRequest(method: .get, url: server.url, timeout: .seconds(60))
        for round in 0..<50 {
            let calls = (0..<20).map { _ in Task { await client.failure(of: request) } }
            for _ in 0..<round { await Task.yield() }
            for (index, call) in calls.enumerated() where index % 2 == 0 { call.cancel() }
            for (index, call) in calls.enumerated() {
                let error = await call.value
                #expect(error == nil || (error == .cancelled && index % 2 == 0))
            }
        }
        #expect(try await client.send(request).body == [1])
    }

    @Test func close_endsWhatIsUnderWayAndWhatWaits() async throws {
        let arrived = Signal(), ended = Signal()
        let server = try silent(arrived: arrived, ended: ended)
        defer { server.stop() }
        let client = try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(maxInFlight: 1, maxQueued: 4))
        let request = OutboundRequest(method: .get, url: server.url, timeout: .seconds(60))
        let calls = (0..<3).map { _ in Task { await client.failure(of: request) } }
        #expect(await arrived.wait())
        client.close()
        for call in calls { #expect(await call.value == .closed) }
        #expect(await ended.wait())
        #expect(await client.failure(of: request) == .closed)
        client.close()
    }

    @Test func clientThatIsLetGo_endsItsThreadAndConnections() async throws {
        let arrived = Signal(), ended = Signal()
        let server = try LocalServer { connection in
            while connection.readRequest() != nil {
                connection.answer([])
                arrived.raise()
            }
            ended.raise()
        }
        defer { server.stop() }
        weak var observed: OutboundHTTPClient?
        do {
            let client = try OutboundHTTPClient()
            observed = client
            _ = try await client.send(OutboundRequest(method: .get, url: server.url))
        }
        #expect(observed == nil)
        #expect(await arrived.wait())
        #expect(await ended.wait())
    }

    @Test func manyClients_comeAndGo() async throws {
        let server = try LocalServer.answering { connection, _ in connection.answer([3]) }
        defer { server.stop() }
        for _ in 0..<100 {
            let client = try OutboundHTTPClient()
            #expect(try await client.send(OutboundRequest(method: .get, url: server.url)).body == [3])
            client.close()
        }
    }
}
