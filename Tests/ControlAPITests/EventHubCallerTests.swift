import Domain
import Foundation
import Logging
import Metrics
import TestSupport
import Testing

@testable import ControlAPI

/// Whose streams they are: how many one caller may have, and for how long.
@Suite(.timeLimit(.minutes(2))) final class EventHubCallerTests {
    private let log = FakeEventLog()
    private let clock = ManualClock()
    private let metrics = MetricsRegistry()
    private let hub: EventHub
    private let running: Task<Void, Never>
    private let session = SessionID(uuid: UUID())

    init() {
        var limits = EventHubLimits.unpaced
        (limits.streamsPerKey, limits.streamsPerRoom) = (2, 1)
        let hub = EventHub(log: log, clock: clock, metrics: metrics, logger: Logger(label: "test"), limits: limits)
        self.hub = hub
        running = Task { await hub.run() }
    }

    deinit { running.cancel() }

    /// A stream from the log's beginning on that nobody reads yet.
    private func open(
        _ name: String, room: String? = nil, until end: Timestamp? = nil, by keys: any CallerAuthenticator = FakeKeys()
    ) throws -> EventSubscription {
        let caller = Caller(name: name, scope: .admin, room: room, expiresAt: end)
        return try hub.subscribe(
            .everything, for: CallerStanding(caller: caller, scope: .read, authenticator: keys), types: [], after: 0,
            last: 0, heartbeat: .seconds(15), finalSince: nil)
    }

    private func read(_ subscription: EventSubscription) -> EventReader {
        EventReader(subscription, of: hub).start()
    }

    /// One beat of the hub's clock, with its keeper asleep again afterwards.
    private func tick(_ count: Int = 1) async {
        for _ in 0..<count {
            _ = await eventually { [clock] in clock.sleeperCount > 0 }
            clock.advance(by: .milliseconds(500))
            _ = await eventually { [clock] in clock.sleeperCount > 0 }
        }
    }

    @Test func streamsOfOneCaller_leaveRoomForOthers() throws {
        let first = try open("a")
        _ = try open("a")
        #expect(throws: TurngateError.overloaded("The caller has 2 open streams of events.")) { _ = try open("a") }
        _ = try open("b")
        _ = try open("x", room: "r")
        #expect(throws: TurngateError.overloaded("The caller has 1 open streams of events.")) {
            _ = try open("y", room: "r")
        }
        _ = try open("x", room: "s")
        hub.leave(first)
        hub.leave(first)
        _ = try open("a")
        #expect(throws: TurngateError.self) { _ = try open("a") }
    }

    @Test func streamWhoseCredentialEnds_endsWithinATickByTheWallClock() async throws {
        let end = clock.now + .seconds(3)
        let short = read(try open("t", room: "r", until: end))
        let long = read(try open("u", room: "s", until: end + .seconds(3600)))
        let endless = read(try open("k"))
        await tick(5)
        #expect(short.end == nil)
        await tick()
        #expect(await eventually { short.end == .credentialExpired })
        let line = #"turngate_event_streams_closed_total{reason="credential_expired"} 1"#
        let metrics = metrics
        let isCounted = await eventually { metrics.text(.prometheus).contains(line) }
        #expect(isCounted)
        #expect(long.end == nil)
        // The clock is put right: tokens end by what it shows.
        clock.skewWallClock(by: .seconds(3600))
        await tick()
        #expect(await eventually { long.end == .credentialExpired })
        await tick(10)
        #expect(endless.end == nil)
    }

    @Test func streamWhoseKeyIsWithdrawn_endsAtTheNextTick_alsoBehindAReplay() async throws {
        let keys = RevocableKeys()
        log.append(1000, of: session)
        let live = read(try open("gone", by: keys)), other = read(try open("kept", by: keys))
        #expect(await eventually(within: .seconds(20)) { live.ids.count == 1000 })
        let slow = EventReader(try open("gone", by: keys), of: hub)
        let hasBegun = await slow.step()
        await tick(4)
        #expect(hasBegun && live.end == nil)
        keys.withdraw("gone")
        log.append(session)
        await tick()
        #expect(await eventually { live.end == .credentialExpired })
        while await slow.step() {}
        #expect(slow.end == .credentialExpired && slow.ids.count == 2)
        let everything = log.all.map(\.id.description)
        #expect(await eventually(within: .seconds(20)) { other.ids == everything })
        #expect(other.end == nil)
    }
}
