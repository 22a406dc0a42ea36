import Domain
import Foundation
import Metrics
import TestSupport

@testable import AgentRuntime

extension AudioFrame {
    /// A frame that is told apart by its number: all its samples are it. From
    /// 164 on it is loud.
    init(number: Int) { self.init([Int16](repeating: Int16(number), count: AudioFrame.sampleCount)) }

    /// The number of a numbered frame.
    var number: Int { Int(samples[0]) }
}

/// A gate with what a test needs around it: a clock that moves with each frame,
/// and participants who say numbered frames.
final class Microphone {
    let clock = ManualClock()
    let gate: AudioGate
    let turn = TurnID(uuid: UUID())
    /// The number of the last frame of everybody.
    private var numbers: [String: Int] = [:]

    init(preRollFrames: Int = 25, of identities: [String] = ["alice"]) {
        gate = AudioGate(clock: clock, metrics: RuntimeMetrics(registry: MetricsRegistry()))
        gate.setPreRoll(.milliseconds(20 * preRollFrames))
        for identity in identities { gate.add(identity, trackSid: "TR_\(identity)") }
    }

    /// The next `count` frames arrive, each 20 ms after the one before.
    func say(_ count: Int, as identity: String = "alice", on sid: String? = nil) {
        for _ in 0..<count {
            clock.advance(by: AudioFrame.duration)
            sayNow(as: identity, on: sid)
        }
    }

    /// The next frame arrives, without time going by.
    func sayNow(as identity: String = "alice", on sid: String? = nil) {
        let number = numbers[identity, default: 0] + 1
        numbers[identity] = number
        gate.receive(AudioFrame(number: number), of: identity, trackSid: sid ?? "TR_\(identity)")
    }

    /// A turn begins: what passes is kept.
    func open(_ identity: String = "alice", preRoll: Int, lag: Int, as turn: TurnID? = nil) {
        gate.record(TurnRecording(turn: turn ?? self.turn, keeps: true, maxBytes: 16 << 20))
        gate.open(identity, AudioGate.Opening(lag: .milliseconds(20 * lag), preRoll: .milliseconds(20 * preRoll)))
    }

    /// The end of a turn as the session does it; false: no tail to wait for.
    @discardableResult
    func end(_ identity: String = "alice", lag: Int, onEnd: @escaping @Sendable () -> Void = {}) -> Bool {
        let waits = gate.shutAfterTail(identity, lag: .milliseconds(20 * lag), onEnd: onEnd)
        if !waits { gate.shut(identity, lag: .milliseconds(20 * lag)) }
        return waits
    }

    func shut(_ identity: String = "alice", lag: Int) { gate.shut(identity, lag: .milliseconds(20 * lag)) }

    /// The numbers of the frames that passed in a turn, and what was counted.
    func recorded(_ turn: TurnID? = nil) -> (frames: [Int], counts: TurnAudioCounts)? {
        gate.takeRecording(of: turn ?? self.turn).map { recording in
            let samples = recording.samples ?? []
            let starts = stride(from: 0, to: samples.count, by: AudioFrame.sampleCount)
            return (starts.map { Int(samples[$0]) }, recording.counts)
        }
    }

    func reader(of participant: String? = nil) -> AudioReaderQueue? {
        gate.addReader(ReaderID(uuid: UUID()), participant: participant, since: clock.now, limit: 100)
    }
}

extension AudioReading {
    /// Closes the reader and gives the numbers of all frames that waited for it.
    func rest() async -> [Int] {
        close()
        var numbers: [Int] = []
        while let frames = await next() { numbers += frames.map(\.number) }
        return numbers
    }
}
