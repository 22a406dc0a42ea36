import Domain
import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@testable import ControlAPI

/// Streams of events over real sockets.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LiveEventTests {
    /// The service's part of it, running.
    private struct Service {
        let harness: APIHarness
        let live: LiveServer
        let running: Task<Void, Never>
        var log: FakeEventLog { harness.eventLog }

        init(
            clock: any TurngateClock = SystemClock(), limits: EventHubLimits = EventHubLimits(),
            keys: any CallerAuthenticator = FakeKeys()
        ) throws {
            let harness = try APIHarness(keys: keys, clock: clock, limits: limits)
            self.harness = harness
            live = try LiveServer(harness.api)
            running = Task { await harness.events.run() }
        }

        func connect(_ target: String, lastEvent: String? = nil) async throws -> LiveConnection {
            let client = try live.connect()
            let field = lastEvent.map { "Last-Event-ID: \($0)\r\n" } ?? ""
            try await client.send(
                "GET \(target) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\n\(field)\r\n")
            return client
        }

        /// What has come when `isEnough` says so, or the answer ends; `after` is what
        /// was read before.
        func read(
            _ client: LiveConnection, after begun: EventStreamText = EventStreamText(),
            until isEnough: @escaping @Sendable (EventStreamText) -> Bool = { _ in false }
        ) async throws -> EventStreamText {
            let seen = Mutex((count: 0, text: begun))
            _ = try await client.receive { bytes in
                seen.withLock { seen in
                    seen.text.take(bytes[seen.count...])
                    seen.count = bytes.count
                    return seen.text.isWhole || isEnough(seen.text)
                }
            }
            return seen.withLock { $0.text }
        }

        func append(_ session: SessionID, _ type: EventType = .agentStateChanged, padding: Int = 0) -> String {
            defer { harness.events.wake() }
            return log.append(session, type, padding: padding).id.description
        }

        /// The order in which the composition stops them.
        func stop() async {
            await harness.events.stop(deadline: .seconds(10))
            await live.server.stop()
            await running.value
        }
    }

    private let session = SessionID(uuid: UUID())

    @Test func stream_beginsAtOnceThenBringsEventsThenSaysWhyItEnds() async throws {
        let service = try Service(clock: ManualClock(), limits: .unpaced)
        let client = try await service.connect("/v1/events")
        let first = try await service.read(client) { $0.retry != nil }
        #expect(first.head.hasPrefix("HTTP/1.1 200 "))
        #expect(first.head.contains("Content-Type: text/event-stream\r\n"))
        #expect(first.head.contains("X-Accel-Buffering: no\r\n") && first.head.contains("Cache-Control: no-store\r\n"))
        #expect(first.retry == "2000" && first.comments == ["turngate"] && first.events.isEmpty)
        let ids = (0..<3).map { _ in service.append(session) }
        async let stopped: Void = service.stop()
        let rest = try await service.read(client, after: first)
        #expect(rest.isWhole)
        #expect(rest.closing == #"{"reason":"shutting_down"}"#)
        #expect(rest.events.last?.id == nil)
        // The stop may come before the hub has read them; then they are the next stream's.
        #expect(ids.starts(with: rest.ids))
        await stopped
    }

    @Test func event_isTheEnvelopeUnderItsIDAndType() async throws {
        let service = try Service()
        let client = try await service.connect("/v1/events?heartbeat_s=1")
        async let text = service.read(client) { $0.events.count == 1 && $0.comments.contains("heartbeat") }
        #expect(await eventually { service.harness.metrics.text(.prometheus).contains("turngate_event_streams 1\n") })
        let id = service.append(session, .turnStarted)
        let event = try #require(try await text.events.first)
        let stored = try #require(service.log.all.first)
        #expect(
            event
                == EventStreamText.Event(
                    id: id, type: "turn.started", data: String(decoding: stored.json, as: UTF8.self)))
        #expect(service.harness.metrics.text(.prometheus).contains("turngate_events_sent_total 1\n"))
        await service.stop()
    }

    @Test func sessionThatEnds_endsItsStreamAndTheReaderThatComesBackAtOnceGets204() async throws {
        let service = try Service()
        let path = try await service.harness.session()
        let id = try #require(SessionID(path.dropFirst("/v1/sessions/".count)))
        let client = try await service.connect("\(path)/events")
        async let text = service.read(client)
        #expect(await eventually { service.harness.metrics.text(.prometheus).contains("turngate_event_streams 1\n") })
        service.harness.sessions.configure { state in
            state.sessions[id]?.status = .ended
            state.sessions[id]?.endedAt = SystemClock().now
        }
        let ids = [service.append(id), service.append(id, .sessionEnded), service.append(id, .participantLeft)]
        let answer = try await text
        #expect(answer.ids == ids && answer.isWhole)
        #expect(answer.closing == #"{"reason":"session_over"}"#)
        let again = try await service.connect("\(path)/events", lastEvent: ids[2])
        let reply = String(decoding: try await again.receive { $0.count > 12 }, as: UTF8.self)
        #expect(reply.hasPrefix("HTTP/1.1 204 "))
        let missing = try await service.connect("\(path)/events", lastEvent: ids[0])
        let rest = try await service.read(missing)
        #expect(rest.ids == Array(ids[1...]) && rest.closing == #"{"reason":"session_over"}"#)
        await service.stop()
    }

    @Test(arguments: [false, true])
    func keyThatIsWithdrawn_endsItsStreamAndTheNextGets401(ofSession: Bool) async throws {
        let keys = RevocableKeys()
        let service = try Service(keys: keys)
        let path = ofSession ? try await service.harness.session() + "/events" : "/v1/events"
        let client = try await service.connect(path)
        let first = try await service.read(client) { $0.retry != nil }
        keys.withdraw("dev")
        let answer = try await service.read(client, after: first)
        #expect(answer.isWhole && answer.closing == #"{"reason":"credential_expired"}"#)
        #expect(answer.events.last?.id == nil)
        let again = try await service.connect(path)
        let reply = String(decoding: try await again.receive { $0.count > 12 }, as: UTF8.self)
        #expect(reply.hasPrefix("HTTP/1.1 401 "))
        await service.stop()
    }

    @Test func clientThatGoesInSilence_givesItsPlaceBack() async throws {
        let service = try Service()
        let client = try await service.connect("/v1/events")
        _ = try await service.read(client) { $0.retry != nil }
        client.hangUp()
        #expect(
            await eventually { service.harness.metrics.text(.prometheus).contains(#"{reason="client_gone"} 1"#) })
        #expect(service.harness.metrics.text(.prometheus).contains("turngate_event_streams 0\n"))
        await service.stop()
    }

    /// More than the sockets' buffers, ours and the queue hold, and a reader that
    /// begins to read when it is too late.
    @Test func clientThatDoesNotRead_isToldSoAtLast() async throws {
        let clock = ManualClock()
        let service = try Service(clock: clock, limits: .unpaced)
        let client = try await service.connect("/v1/events")
        let first = try await service.read(client) { $0.retry != nil }
        #expect(first.events.isEmpty)
        let count = 400
        for _ in 0..<count { _ = service.append(session, padding: 50_000) }
        let last = try #require(service.log.all.last?.position)
        #expect(await eventually { service.harness.events.state.withLock { $0.position } == last })
        for _ in 0..<30 {
            #expect(await eventually { clock.sleeperCount > 0 })
            clock.advance(by: .milliseconds(500))
        }
        let text = try await service.read(client, after: first)
        #expect(text.closing == #"{"reason":"too_slow"}"# && text.isWhole)
        let all = service.log.all.map(\.id.description)
        #expect(all.starts(with: text.ids) && text.ids.count < count)
        // What it missed is there for the next one.
        let again = try await service.connect("/v1/events", lastEvent: text.ids.last)
        let missing = count - text.ids.count
        #expect(try await service.read(again) { $0.events.count == missing }.ids == Array(all.suffix(missing)))
        await service.stop()
    }

    /// A follower that leaves after a number of events that chance has chosen, and
    /// comes back with the last id that it has.
    private func follow(
        _ target: String, _ service: Service, seed: UInt64, until last: @escaping @Sendable () -> String?
    ) async throws -> [String] {
        var chance = SeededGenerator(seed: seed), ids: [String] = []
        while last() == nil || ids.last != last() {
            let count = Int.random(in: 1...120, using: &chance)
            let isPolite = Bool.random(using: &chance)
            let client = try await service.connect(
                ids.isEmpty ? "\(target)&from=start" : target, lastEvent: ids.last)
            let text = try await service.read(client) { text in
                text.ids.count >= count || last().map { text.ids.last == $0 } ?? false
                    || text.head.hasPrefix("HTTP/1.1 503 ")
            }
            // The log is away; it will be back.
            if text.head.hasPrefix("HTTP/1.1 503 ") { continue }
            #expect(text.head.hasPrefix("HTTP/1.1 200 "))
            ids += text.ids
            if isPolite { client.hangUp() }
        }
        return ids
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func followersThatReconnectAtRandom_haveEachEventOnce(_ seed: UInt64) async throws {
        let service = try Service()
        let path = try await service.harness.session()
        let id = try #require(SessionID(path.dropFirst("/v1/sessions/".count)))
        let isOver = Flag()
        async let all = follow("/v1/events?heartbeat_s=1", service, seed: seed) {
            isOver.isSet ? service.log.all.last?.id.description : nil
        }
        async let own = follow("\(path)/events?heartbeat_s=1", service, seed: seed + 100) {
            isOver.isSet ? service.log.all.last { $0.sessionID == id }?.id.description : nil
        }
        async let turns = follow("/v1/events?types=turn.started,turn.ended", service, seed: seed + 200) {
            isOver.isSet ? service.log.all.last { $0.type == .turnStarted }?.id.description : nil
        }
        var chance = SeededGenerator(seed: seed + 300)
        for number in 0..<3000 {
            let type: EventType = number % 4 == 0 ? .turnStarted : .agentStateChanged
            _ = service.append(number % 3 == 0 ? id : session, type, padding: Int.random(in: 0...300, using: &chance))
            if Int.random(in: 0..<20, using: &chance) == 0 { try await Task.sleep(for: .milliseconds(2)) }
            if number % 1000 == 500 {
                service.log.setAway(true)
                try await Task.sleep(for: .milliseconds(1))
                service.log.setAway(false)
            }
        }
        isOver.set()
        let events = service.log.all
        #expect(try await all == events.map(\.id.description))
        #expect(try await own == events.filter { $0.sessionID == id }.map(\.id.description))
        #expect(try await turns == events.filter { $0.type == .turnStarted }.map(\.id.description))
        await service.stop()
    }
}

/// SplitMix64: the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
