import Domain
import Testing

struct SessionLifecycleTests {
    private static let events: [SessionLifecycle.Event] = [
        .started, .connectionBroke, .connectionRestored, .endRequested(SessionEnd(.deleted)),
        .endRequested(SessionEnd(.shutdown)), .left, .failed(SessionEnd(.connectionLost)),
    ]

    /// Which steps the contract draws; everything else must change nothing.
    private static let allowed: Set<[SessionStatus]> = [
        [.connecting, .active], [.active, .reconnecting], [.reconnecting, .active], [.connecting, .ending],
        [.active, .ending], [.reconnecting, .ending], [.ending, .ended], [.connecting, .failed], [.active, .failed],
        [.reconnecting, .failed],
    ]

    @Test func everyOrderOfFiveEvents_keepsToTheContractsSteps_andAFinalStatusStays() {
        var reached: Set<[SessionStatus]> = []
        func explore(_ life: SessionLifecycle, depth: Int) {
            guard depth > 0 else { return }
            for event in Self.events {
                var next = life
                let change = next.apply(event)
                #expect((change == nil) == (next == life))
                if change != nil { reached.insert([life.status, next.status]) }
                #expect(change == nil || !life.status.isFinal)
                #expect(!next.status.isFinal || next.end != nil)
                explore(next, depth: depth - 1)
            }
        }
        explore(SessionLifecycle(), depth: 5)
        #expect(reached == Self.allowed)
    }

    @Test func theFirstReasonToEnd_stands() {
        var life = SessionLifecycle()
        _ = life.apply(.started)
        _ = life.apply(.endRequested(SessionEnd(.roomEmpty)))
        _ = life.apply(.endRequested(SessionEnd(.deleted)))
        _ = life.apply(.failed(SessionEnd(.connectionLost)))
        _ = life.apply(.left)
        #expect(life.status == .ended && life.end == SessionEnd(.roomEmpty))
    }
}
