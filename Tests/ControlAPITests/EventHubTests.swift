import Domain
import Foundation
import Logging
import Metrics
import TestSupport
import Testing

@testable import ControlAPI

/// The hub over a log in memory, by a clock that only the test moves.
@Suite(.timeLimit(.minutes(2))) final class EventHubTests {
    private let log = FakeEventLog()
    private let clock = ManualClock()
    private let metrics = MetricsRegistry()
    private let hub: EventHub
    private let running: Task<Void, Never>
    private let one = SessionID(uuid: UUID())
    private let two = SessionID(uuid: UUID())

    init() {
        let hub = EventHub(
            log: log, clock: clock, metrics: metrics, logger: Logger(label: "test"), limits: .unpaced)
        self.hub = hub
        running = Task { await hub.run() }
    }

    deinit {
        log.release()
        running.cancel()
    }

    private func subscription(
        _ scope: EventScope = .everything, types: Set<EventType> = [], after: Int64? = nil,
        heartbeat: Duration = .seconds(15)
    ) async throws -> EventSubscription {
        let last = try await log.lastPosition()
        return try hub.subscribe(
            scope, types: types, after: after ?? last, last: last, heartbeat: heartbeat, finalSince: nil)
    }

    private func reader(
        _ scope: EventScope = .everything, types: Set<EventType> = [], after: Int64? = nil,
        heartbeat: Duration = .seconds(15)
    ) async throws -> EventReader {
        EventReader(
            try await subscription(scope, types: types, after: after, heartbeat: heartbeat), of: hub
        ).start()
    }

    private var everything: [String] { log.all.map(\.id.description) }

    /// Waits until a reader has as many events as these; they are to be these.
    private func expect(_ reader: EventReader, gets ids: [String], at place: SourceLocation = #_sourceLocation) async {
        _ = await eventually(within: .seconds(20)) { reader.ids.count >= ids.count }
        #expect(reader.ids == ids, sourceLocation: place)
    }

    /// One beat of the hub's clock, with its keeper asleep again afterwards.
    private func tick(_ count: Int = 1) async {
        for _ in 0..<count {
            _ = await eventually { [clock] in clock.sleeperCount > 0 }
            clock.advance(by: .milliseconds(500))
            _ = await eventually { [clock] in clock.sleeperCount > 0 }
        }
    }

    private func expectLog(
        at place: SourceLocation = #_sourceLocation, _ condition: @escaping @Sendable (FakeEventLog) -> Bool
    ) async {
        let log = log
        let holds = await eventually { condition(log) }
        #expect(holds, sourceLocation: place)
    }

    // MARK: Reading

    @Test func wake_bringsTheNewsAtOnce() async throws {
        log.append(3, of: one)
        let reader = try await reader()
        log.append(5, of: two)
        hub.wake()
        await expect(reader, gets: Array(everything.dropFirst(3)))
        #expect(clock.uptime == .zero)
    }

    @Test func tick_findsWhatOthersHaveWritten() async throws {
        let reader = try await reader()
        await expectLog { $0.liveReads == 1 }
        log.append(one)
        #expect(reader.ids.isEmpty)
        await tick()
        await expect(reader, gets: everything)
    }

    @Test func log_isNotReadWhileNobodyListens() async throws {
        log.append(one)
        for _ in 0..<3 {
            hub.wake()
            await tick()
        }
        #expect(log.queries.isEmpty)
        let reader = try await reader()
        await expectLog { $0.liveReads >= 1 }
        reader.cancel()
        #expect(await eventually { reader.end == .clientGone })
        let reads = log.queries.count
        await tick(3)
        #expect(log.queries.count == reads)
    }

    @Test func eventBetweenTheLookAndTheSubscription_isSentOnce() async throws {
        let last = try await log.lastPosition()
        log.append(2, of: one)
        let first = EventReader(
            try hub.subscribe(
                .everything, types: [], after: last, last: last, heartbeat: .seconds(15), finalSince: nil), of: hub
        ).start()
        await expect(first, gets: everything)
        // The hub is ahead of what this one saw: it has to be read for it.
        let second = EventReader(
            try hub.subscribe(
                .everything, types: [], after: last, last: last, heartbeat: .seconds(15), finalSince: nil), of: hub
        ).start()
        log.append(2, of: two)
        hub.wake()
        await expect(first, gets: everything)
        await expect(second, gets: everything)
    }

    @Test func readerThatIsAheadOfTheHub_getsNothingTwice() async throws {
        let slow = try await reader()
        await expectLog { $0.liveReads == 1 }
        log.append(10, of: one)
        let ahead = try await reader(after: log.all[6].position)
        hub.wake()
        await expect(slow, gets: everything)
        await expect(ahead, gets: Array(everything.dropFirst(7)))
    }

    @Test func scopesAndTypes_areKeptApart() async throws {
        let all = try await reader(), room = try await reader(.room("a")), session = try await reader(.session(one))
        let turns = try await reader(.session(one), types: [.turnStarted])
        var expected: (room: [String], session: [String], turns: [String]) = ([], [], [])
        for number in 0..<60 {
            let isOne = number % 3 == 0
            let event = log.append(
                isOne ? one : two, room: isOne ? "a" : "b", number % 2 == 0 ? .turnStarted : .gateChanged)
            guard isOne else { continue }
            expected.room.append(event.id.description)
            expected.session.append(event.id.description)
            if number % 2 == 0 { expected.turns.append(event.id.description) }
        }
        hub.wake()
        await expect(all, gets: everything)
        await expect(room, gets: expected.room)
        await expect(session, gets: expected.session)
        await expect(turns, gets: expected.turns)
    }

    @Test func roomsOfTwoSpellings_areTwoRooms() async throws {
        let composed = "caf\u{E9}", decomposed = "cafe\u{301}"
        let first = try await reader(.room(composed)), second = try await reader(.room(decomposed))
        log.append(one, room: composed)
        log.append(two, room: decomposed)
        hub.wake()
        await expect(first, gets: [everything[0]])
        await expect(second, gets: [everything[1]])
    }

    @Test func readOfReadersThatAreGone_doesNotCountForTheNext() async throws {
        log.hold()
        let first = try await reader()
        await expectLog { $0.heldReads == 1 }
        first.cancel()
        #expect(await eventually { first.end != nil })
        log.append(3, of: one)
        let second = try await reader(after: 0)
        log.append(3, of: two)
        log.release()
        hub.wake()
        await expect(second, gets: everything)
    }

    // MARK: Replay

    @Test func replay_goesOverIntoLiveWithoutAHoleOrADouble() async throws {
        log.append(1000, of: one)
        log.hold()
        let reader = try await reader(after: 0)
        await expectLog { $0.heldReads >= 1 }
        log.append(100, of: two)
        hub.wake()
        log.release()
        hub.wake()
        log.append(100, of: one)
        hub.wake()
        await expect(reader, gets: everything)
        let pages = log.queries.filter { $0.upTo != nil }
        #expect(pages.count > 4 && pages.allSatisfy { $0.limit <= 256 })
    }

    @Test func queueThatOverflowsDuringAReplay_isReadFromTheLog() async throws {
        log.append(10, of: one)
        let live = try await reader()
        await expectLog { $0.liveReads == 1 }
        // Nobody takes the page, and the log has far more than a queue.
        let late = EventReader(try await subscription(after: 0), of: hub)
        log.append(3000, of: one)
        hub.wake()
        await expect(live, gets: Array(everything.dropFirst(10)))
        await expect(late.start(), gets: everything)
        #expect(late.end == nil)
    }

    @Test func replay_whoseReaderGoes_ends() async throws {
        log.append(2000, of: one)
        let gone = EventReader(try await subscription(after: 0), of: hub)
        let hasBegun = await gone.step()
        #expect(hasBegun)
        hub.leave(gone.subscription)
        let goesOn = await gone.step()
        #expect(!goesOn)
        #expect(gone.end == .clientGone)
        let queries = log.queries.count
        await tick(3)
        #expect(log.queries.count <= queries + 1)
    }

    @Test func replays_readTheLogAFewAtATime() async throws {
        log.append(100, of: one)
        log.hold()
        var readers: [EventReader] = []
        for _ in 0..<60 { readers.append(try await reader(after: 0)) }
        await expectLog { $0.heldReads == 17 }
        for _ in 0..<50 { await Task.yield() }
        // The hub's own read is one of them.
        #expect(log.heldReads == 17)
        log.release()
        for reader in readers { await expect(reader, gets: everything) }
    }

    // MARK: Slow readers

    @Test func readerThatCatchesUpInTime_isNotCutOff() async throws {
        let healthy = try await reader(), slow = EventReader(try await subscription(), of: hub)
        log.append(700, of: one)
        hub.wake()
        await expect(healthy, gets: everything)
        await tick(18)
        log.append(5, of: two)
        hub.wake()
        await expect(slow.start(), gets: everything)
        await tick(30)
        #expect(slow.end == nil && healthy.end == nil)
    }

    @Test func readerThatDoesNotCatchUp_isToldThatItIsTooSlow() async throws {
        let healthy = try await reader(), slow = EventReader(try await subscription(), of: hub)
        log.append(700, of: one)
        hub.wake()
        await expect(healthy, gets: everything)
        await tick(22)
        while await slow.step() {}
        #expect(slow.end == .tooSlow)
        #expect(healthy.end == nil)
        #expect(metrics.text(.prometheus).contains(#"turngate_event_streams_closed_total{reason="too_slow"} 1"#))
        #expect(metrics.text(.prometheus).contains("turngate_event_streams 1\n"))
    }

    @Test func readerThatDoesNotTakeItsFirstPage_isToldThatItIsTooSlow() async throws {
        log.append(1000, of: one)
        let slow = EventReader(try await subscription(after: 0), of: hub)
        let begun = await slow.step()
        #expect(begun && slow.ids.count == 2)
        // The third is read when the second waits for it.
        await expectLog { $0.queries.filter { $0.upTo != nil }.count >= 3 }
        await tick(24)
        while await slow.step() {}
        #expect(slow.end == .tooSlow && slow.ids.count == 2)
    }

    @Test func queue_isBoundedInBytes() async throws {
        let healthy = try await reader(), slow = EventReader(try await subscription(), of: hub)
        log.append(12, of: one, padding: 100_000)
        hub.wake()
        await expect(healthy, gets: everything)
        await tick(22)
        while await slow.step() {}
        #expect(slow.end == .tooSlow)
    }

    @Test func readerThatTakesNothingOfAFewEvents_isLeftAlone() async throws {
        let slow = EventReader(try await subscription(heartbeat: .seconds(60)), of: hub)
        log.append(256, of: one)
        hub.wake()
        await tick(200)
        await expect(slow.start(), gets: everything)
    }

    @Test func readerThatIgnoresItsLastEvent_isGivenUp() async throws {
        let slow = try await subscription()
        let isGivenUp = Flag()
        slow.abandons { isGivenUp.set() }
        slow.finish(.tooSlow, at: clock.uptime)
        await tick(119)
        #expect(!isGivenUp.isSet)
        await tick(3)
        #expect(isGivenUp.isSet)
        hub.leave(slow)
    }

    // MARK: The log is away

    @Test func logThatIsAway_losesNothingAndIsAskedLessAndLess() async throws {
        let reader = try await reader()
        await expectLog { $0.liveReads == 1 }
        log.setAway(true)
        log.append(10, of: one)
        hub.wake()
        await expectLog { $0.failures == 1 }
        await tick(61)
        // After 0.5, 1, 2, 4 and then every 5 s.
        #expect((7...10).contains(log.failures), "\(log.failures)")
        #expect(reader.end == nil && reader.heartbeats >= 1)
        log.setAway(false)
        log.append(10, of: two)
        await tick(11)
        await expect(reader, gets: everything)
    }

    @Test func logThatIsAwayDuringAReplay_delaysIt() async throws {
        log.append(3000, of: one)
        let reader = EventReader(try await subscription(after: 0), of: hub)
        let hasBegun = await reader.step()
        #expect(hasBegun)
        log.setAway(true)
        _ = reader.start()
        await expectLog { $0.failures >= 1 }
        await tick(40)
        #expect(reader.end == nil)
        log.setAway(false)
        await tick(12)
        await expect(reader, gets: everything)
    }

    // MARK: Time

    @Test func heartbeats_comeByTheClockAndOnlyIntoSilence() async throws {
        let reader = try await reader(heartbeat: .seconds(2))
        await tick(3)
        #expect(reader.heartbeats == 0)
        await tick(1)
        #expect(await eventually { reader.heartbeats == 1 })
        for _ in 0..<8 {
            log.append(one)
            hub.wake()
            await expect(reader, gets: everything)
            await tick(2)
        }
        #expect(reader.heartbeats == 1)
        await tick(4)
        #expect(await eventually { reader.heartbeats == 2 })
    }

    @Test func sessionThatIsOver_endsItsStreamsAfterWhatWasWrittenWithIt() async throws {
        let session = try await reader(.session(one)), all = try await reader()
        let turns = try await reader(.session(one), types: [.turnStarted])
        log.append(one, .sessionEnded)
        hub.wake()
        await expect(session, gets: everything)
        await tick()
        #expect(session.end == nil)
        log.append(one, .participantLeft)
        hub.wake()
        await expect(session, gets: everything)
        await expect(session, ends: .sessionOver)
        await expect(turns, ends: .sessionOver)
        #expect(session.ids == everything && turns.ids.isEmpty)
        #expect(all.end == nil)
    }

    private func expect(
        _ reader: EventReader, ends end: EventStreamEnd, at place: SourceLocation = #_sourceLocation
    ) async {
        for _ in 0..<12 where reader.end == nil {
            await tick()
            _ = await eventually(within: .milliseconds(50)) { reader.end != nil }
        }
        #expect(reader.end == end, sourceLocation: place)
    }

    @Test func sessionsEndBehindAFilter_isSeenInTheReplayToo() async throws {
        log.append(one, .turnStarted)
        log.append(one, .sessionFailed)
        let turns = try await reader(.session(one), types: [.turnStarted], after: 0)
        await expect(turns, ends: .sessionOver)
        #expect(turns.ids == [everything[0]])
    }

    // MARK: Bounds and the end

    @Test func streams_areBounded() async throws {
        var limits = EventHubLimits()
        limits.streams = 2
        let hub = EventHub(
            log: log, clock: clock, metrics: MetricsRegistry(), logger: Logger(label: "test"), limits: limits)
        func open() throws -> EventSubscription {
            try hub.subscribe(.everything, types: [], after: 0, last: 0, heartbeat: .seconds(1), finalSince: nil)
        }
        let first = try open()
        _ = try open()
        #expect(throws: TurngateError.overloaded("The service has 2 open streams of events.")) { _ = try open() }
        hub.leave(first)
        hub.leave(first)
        _ = try open()
        #expect(throws: TurngateError.self) { _ = try open() }
    }

    @Test func stop_tellsEverybodyAndWaitsForThem() async throws {
        let readers = [try await reader(), try await reader(.session(one)), try await reader(.room("x"))]
        await hub.stop(deadline: .seconds(1000))
        #expect(readers.allSatisfy { $0.end == .shuttingDown })
        #expect(throws: TurngateError.shuttingDown) {
            _ = try hub.subscribe(.everything, types: [], after: 0, last: 0, heartbeat: .seconds(1), finalSince: nil)
        }
        await running.value
    }

    @Test func stop_doesNotWaitLongerThanItsDeadline() async throws {
        let deaf = try await subscription()
        let stopping = Task { [hub] in await hub.stop(deadline: .seconds(2)) }
        await tick(3)
        _ = await eventually { [clock] in
            clock.advance(by: .milliseconds(500))
            return clock.uptime > .seconds(4)
        }
        await stopping.value
        hub.leave(deaf)
        await running.value
    }
}
