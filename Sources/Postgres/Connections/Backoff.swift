/// The pauses between attempts to connect: doubling, with up to half taken off
/// at random, so that the replicas of a fleet do not come back in step.
struct Backoff: Sendable {
    private let range: ClosedRange<Duration>
    private var next: Duration

    init(_ range: ClosedRange<Duration>) {
        self.range = range
        next = range.lowerBound
    }

    /// The pause before the next attempt, in nanoseconds.
    mutating func pause() -> UInt64 {
        let full = next.nanoseconds
        next = min(next * 2, range.upperBound)
        return full - UInt64.random(in: 0...(full / 2))
    }

    /// Back to the shortest pause, after a connection was up.
    mutating func reset() { next = range.lowerBound }
}
