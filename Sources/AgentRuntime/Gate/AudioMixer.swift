import DequeModule
import Domain

/// Makes one stream of several participants who are heard at once. It has no
/// clock of its own: the frames' coming is its beat.
struct AudioMixer {
    private struct Source {
        var frames: Deque<AudioFrame> = []
        var lastAt = Duration.zero
    }

    /// Who has not sent for so long is not waited for.
    private static let liveness = Duration.milliseconds(60)
    /// How many frames of one wait for the others at most.
    private static let patience = 3
    private var sources: [String: Source] = [:]

    /// Takes a frame and gives what is complete by it.
    mutating func add(_ frame: AudioFrame, of identity: String, at time: Duration) -> [AudioFrame] {
        sources[identity, default: Source()].frames.append(frame)
        sources[identity]?.lastAt = time
        var mixed: [AudioFrame] = []
        while let frame = mixOne(at: time) { mixed.append(frame) }
        return mixed
    }

    /// A participant is not heard any more; gives what of its own was waiting,
    /// and what was waiting for it.
    mutating func remove(_ identity: String, at time: Duration) -> [AudioFrame] {
        var mixed: [AudioFrame] = []
        while sources[identity]?.frames.isEmpty == false, let frame = mixReady() { mixed.append(frame) }
        guard sources.removeValue(forKey: identity) != nil else { return [] }
        while let frame = mixOne(at: time) { mixed.append(frame) }
        return mixed
    }

    /// Nobody wants the mix: what waits is not for whoever wants it later.
    mutating func clear() { sources = [:] }

    private mutating func mixOne(at time: Duration) -> AudioFrame? {
        let isMissing = sources.contains { $0.value.frames.isEmpty && time - $0.value.lastAt < Self.liveness }
        let isLate = sources.contains { $0.value.frames.count > Self.patience }
        guard !isMissing || isLate else { return nil }
        return mixReady()
    }

    /// The next frame of everybody who has one.
    private mutating func mixReady() -> AudioFrame? {
        let ready = sources.filter { !$0.value.frames.isEmpty }.keys
        guard !ready.isEmpty else { return nil }
        let frames = ready.sorted().compactMap { sources[$0]?.frames.popFirst() }
        return frames.count == 1 ? frames[0] : Self.sum(frames)
    }

    private static func sum(_ frames: [AudioFrame]) -> AudioFrame {
        var samples = [Int16](repeating: 0, count: AudioFrame.sampleCount)
        for place in samples.indices {
            var total: Int32 = 0
            for frame in frames { total += Int32(frame.samples[place]) }
            samples[place] = Int16(clamping: total)
        }
        return AudioFrame(samples)
    }
}
