/// How long a track's samples wait in our jitter buffer, from the core's two
/// running sums. A value: figures in, their mean over the last interval out.
struct JitterBufferMeter {
    /// How much of a new figure counts: the rest is what was known before.
    private static let weight = 0.5

    private var last: (delay: Double, emitted: UInt64) = (0, 0)
    private var seconds: Double?

    /// The mean of the last seconds; nil before the first figures.
    var mean: Duration? { seconds.map { .seconds($0) } }

    /// `delay` is the sum of all samples' waiting times in seconds, `emitted`
    /// how many samples there were. Figures that stand still (a muted track)
    /// change nothing.
    mutating func take(delay: Double, emitted: UInt64) {
        if emitted < last.emitted { restart() }
        guard emitted > last.emitted, delay >= last.delay else { return }
        let latest = (delay - last.delay) / Double(emitted - last.emitted)
        seconds = seconds.map { $0 + (latest - $0) * Self.weight } ?? latest
        last = (delay, emitted)
    }

    /// The track is a new one to the core: its sums begin again. What was
    /// known stands until they tell more.
    mutating func restart() { last = (0, 0) }
}
