import Domain
import Foundation
import Synchronization

/// A sink that remembers for each frame which of the peers' tones was in it.
final class Ear: Sendable {
    /// The tones that `sound_peer.py` plays one after the other as `steps`.
    static let scale = [400, 600, 800, 1000, 1200, 1400, 1600, 1800]
    /// What is louder is sound.
    static let loud = 1_000

    struct Heard: Sendable, Equatable {
        /// When it came, in seconds of uptime.
        var at: Double
        /// The tone's frequency; nil for silence.
        var tone: Int?
    }

    private let all = Mutex<[Heard]>([])

    var sink: AudioSink {
        { [self] frame in
            let heard = Heard(at: ProcessInfo.processInfo.systemUptime, tone: Self.tone(frame.samples))
            all.withLock { $0.append(heard) }
        }
    }

    var frames: [Heard] { all.withLock { $0 } }
    var count: Int { all.withLock { $0.count } }
    /// The tones of the loud frames.
    var tones: [Int] { frames.compactMap(\.tone) }

    func forget() { all.withLock { $0 = [] } }

    /// The loud frames' tones without repetition, each with its frames' number.
    var runs: [(tone: Int, frames: Int)] { Self.runs(tones) }

    static func runs(_ tones: [Int]) -> [(tone: Int, frames: Int)] {
        tones.reduce(into: []) { runs, tone in
            if runs.last?.tone == tone { runs[runs.count - 1].frames += 1 } else { runs.append((tone, 1)) }
        }
    }

    private static func tone(_ samples: [Int16]) -> Int? {
        guard samples.contains(where: { abs(Int($0)) > loud }) else { return nil }
        return scale.max { power(of: $0, in: samples) < power(of: $1, in: samples) }
    }

    /// How much of a tone there is (Goertzel).
    private static func power(of hz: Int, in samples: [Int16]) -> Double {
        let coefficient = 2 * cos(2 * .pi * Double(hz) / Double(AudioFrame.sampleRate))
        var (last, before) = (0.0, 0.0)
        for sample in samples { (last, before) = (Double(sample) + coefficient * last - before, last) }
        return last * last + before * before - coefficient * last * before
    }
}
