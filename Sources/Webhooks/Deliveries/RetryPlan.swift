import Domain

/// When a delivery that failed is tried again.
struct RetryPlan: Sendable {
    /// How long deliveries are tried.
    var giveUpAfter: Duration
    /// 0…1, another one each time: where in its range a pause ends.
    var jitter: @Sendable () -> Double

    /// The pauses after the first, second, … attempt; the last one again and again.
    static let pauses: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1800), .seconds(3600), .seconds(7200),
        .seconds(14_400), .seconds(28_800),
    ]
    /// A pause is longer or shorter by this part of it.
    static let spread = 0.2
    /// What a receiver's `Retry-After` is held to.
    static let retryAfterRange: ClosedRange<Duration> = .seconds(5) ... .seconds(3600)

    /// When the next attempt is due after `attempts` of them, the last of which
    /// failed at `now`; nil: none. `since` is when the time that they have began:
    /// the last attempt is made at its end. `retryAfter` goes before our own pause.
    func next(after attempts: Int, at now: Timestamp, since: Timestamp, retryAfter: Duration?) -> Timestamp? {
        let deadline = since + giveUpAfter
        guard now < deadline else { return nil }
        let pause = retryAfter.map { $0.clamped(to: Self.retryAfterRange) } ?? spread(Self.pause(after: attempts))
        return min(now + pause, deadline)
    }

    private static func pause(after attempts: Int) -> Duration {
        pauses[min(max(attempts, 1), pauses.count) - 1]
    }

    private func spread(_ pause: Duration) -> Duration {
        pause * (1 - Self.spread + 2 * Self.spread * min(max(jitter(), 0), 1))
    }
}

extension Duration {
    fileprivate func clamped(to range: ClosedRange<Duration>) -> Duration {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
