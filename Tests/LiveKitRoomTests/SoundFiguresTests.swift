import Domain
import Testing

@testable import LiveKitRoom

/// The sums behind the delays and the backlog.
struct SoundFiguresTests {
    @Test
    func jitterBuffersMean_isThatOfTheLastInterval_smoothed() {
        var meter = JitterBufferMeter()
        #expect(meter.mean == nil)
        meter.take(delay: 0.04 * 48_000, emitted: 48_000)
        #expect(meter.mean == .milliseconds(40))
        meter.take(delay: 0.04 * 48_000 + 0.08 * 48_000, emitted: 96_000)
        #expect(meter.mean == .milliseconds(60))
    }

    @Test
    func jitterBuffersMean_stands_whileNothingComes_andAfterTheSumsBeginAgain() {
        var meter = JitterBufferMeter()
        meter.take(delay: 0, emitted: 0)
        #expect(meter.mean == nil)
        meter.take(delay: 0.04 * 48_000, emitted: 48_000)
        meter.take(delay: 0.04 * 48_000, emitted: 48_000)
        #expect(meter.mean == .milliseconds(40))
        meter.take(delay: 0.08 * 480, emitted: 480)
        #expect(meter.mean == .milliseconds(60))
    }

    @Test
    func delays_stayInTheirRange() {
        #expect(AudioDelays.lag(jitterBuffer: .seconds(3)) == .milliseconds(500))
        #expect(AudioDelays.lag(jitterBuffer: .zero) == .milliseconds(20))
        #expect(AudioDelays.listeners(jitterBuffer: nil) > .milliseconds(20))
    }

    @Test
    func backlog_isWhatWasQueued_lessWhatHasPlayed() {
        var ledger = VoiceLedger()
        let begin = SuspendingClock.now
        #expect(ledger.backlog(at: begin) == .zero)
        for _ in 0..<3 { ledger.queued(at: begin) }
        #expect(ledger.backlog(at: begin) == .milliseconds(60))
        #expect(ledger.backlog(at: begin + .milliseconds(50)) == .milliseconds(10))
        // After a gap it begins anew.
        ledger.queued(at: begin + .milliseconds(500))
        #expect(ledger.backlog(at: begin + .milliseconds(500)) == .milliseconds(20))
        ledger.cleared()
        #expect(ledger.backlog(at: begin + .milliseconds(500)) == .zero)
    }

    @Test
    func backlog_isCorrected_byAWaitForAFullQueueOnly() {
        let begin = SuspendingClock.now
        var ledger = VoiceLedger()
        ledger.queued(at: begin)
        ledger.waited(for: .milliseconds(80), at: begin + .milliseconds(10))
        #expect(ledger.backlog(at: begin) == .milliseconds(20))
        for _ in 0..<4 { ledger.queued(at: begin) }
        ledger.waited(for: .milliseconds(80), at: begin + .milliseconds(30))
        #expect(ledger.backlog(at: begin + .milliseconds(30)) == .milliseconds(80))
    }
}
