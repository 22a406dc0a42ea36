import Domain

/// How many lines may be written: so many a second, and a few more at once
/// where there were none for a while.
struct LogBudget: Sendable, Equatable {
    private let perSecond: Double
    private let burst: Double
    private var left: Double
    private var moment: Duration

    /// `perSecond` lines a second and at most `burst` at once, which are there
    /// from the start.
    init(perSecond: Int, burst: Int, at now: Duration) {
        self.perSecond = Double(perSecond)
        self.burst = Double(burst)
        left = Double(burst)
        moment = now
    }

    /// Takes a line, at a moment of the clock that never jumps; says whether
    /// there was one.
    mutating func take(at now: Duration) -> Bool {
        left = min(burst, left + max(now - moment, .zero) / .seconds(1) * perSecond)
        moment = max(moment, now)
        guard left >= 1 else { return false }
        left -= 1
        return true
    }
}
