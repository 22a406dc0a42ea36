import Domain
import Foundation
import Logging
import Metrics
import TestSupport
import Testing

@testable import ControlAPI

/// How often the log is read while much happens.
@Suite(.timeLimit(.minutes(2))) struct EventPaceTests {
    @Test func burst_isReadAtThePace_butItsFirstEventAtOnce() async throws {
        let log = FakeEventLog(), clock = ManualClock()
        let hub = EventHub(log: log, clock: clock, metrics: MetricsRegistry(), logger: Logger(label: "test"))
        let running = Task { await hub.run() }
        defer { running.cancel() }
        let session = SessionID(uuid: UUID())
        let reader = EventReader(
            try hub.subscribe(.everything, types: [], after: 0, last: 0, heartbeat: .seconds(15), finalSince: nil),
            of: hub
        ).start()
        #expect(await eventually { log.liveReads > 0 })

        log.append(session)
        hub.wake()
        #expect(await eventually { reader.ids.count == 1 })
        // One sleeps until the next tick, the other until the pace allows the next read.
        #expect(await eventually { clock.sleeperCount == 2 })
        let reads = log.liveReads
        for _ in 0..<3 {
            log.append(session)
            hub.wake()
        }
        #expect(log.liveReads == reads && reader.ids.count == 1)

        clock.advance(by: EventHubLimits().pace)
        #expect(await eventually { reader.ids == log.all.map(\.id.description) })
        #expect(log.liveReads == reads + 1)
    }
}
