import DequeModule
import Domain

/// The last frames of a participant whose gate is shut.
struct PreRollRing {
    /// How many frames it holds.
    var capacity: Int { didSet { trim() } }
    private(set) var frames: Deque<AudioFrame> = []

    init(capacity: Int) { self.capacity = capacity }

    mutating func append(_ frame: AudioFrame) {
        frames.append(frame)
        trim()
    }

    /// Takes the newest `count` frames at most, oldest first, and empties it.
    mutating func take(_ count: Int) -> [AudioFrame] {
        defer { frames = [] }
        return Array(frames.suffix(max(count, 0)))
    }

    mutating func clear() { frames = [] }

    private mutating func trim() { if frames.count > capacity { frames.removeFirst(frames.count - capacity) } }
}
