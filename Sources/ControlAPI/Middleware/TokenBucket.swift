/// What a caller may still do: a bucket that holds `burst` calls and is filled
/// up steadily. Has no clock of its own.
struct TokenBucket: Sendable {
    private let rule: RateLimitRule
    private var tokens: Double
    private var filledAt: Duration

    /// What taking one came to.
    struct Verdict: Sendable, Equatable {
        var isAllowed: Bool
        /// Calls that could follow at once.
        var remaining: Int
        /// Seconds until all of the burst is there again, rounded up.
        var reset: Int
        /// Seconds until the next call is taken, rounded up; 0 where one is.
        var wait: Int
    }

    /// A full one.
    init(_ rule: RateLimitRule, at now: Duration) {
        self.rule = rule
        tokens = Double(rule.burst)
        filledAt = now
    }

    /// Takes one call out, if there is one.
    mutating func take(at now: Duration) -> Verdict {
        fill(until: now)
        let isAllowed = tokens >= 1
        if isAllowed { tokens -= 1 }
        let missing = Double(rule.burst) - tokens
        return Verdict(
            isAllowed: isAllowed, remaining: Int(tokens), reset: seconds(for: missing),
            wait: isAllowed ? 0 : max(1, seconds(for: 1 - tokens)))
    }

    /// Whether it is as good as a new one.
    mutating func isFull(at now: Duration) -> Bool {
        fill(until: now)
        return tokens >= Double(rule.burst)
    }

    private mutating func fill(until now: Duration) {
        guard now > filledAt else { return }
        let elapsed = (now - filledAt) / .seconds(1)
        tokens = min(Double(rule.burst), tokens + elapsed * Double(rule.perSecond))
        filledAt = now
    }

    private func seconds(for calls: Double) -> Int { Int((calls / Double(rule.perSecond)).rounded(.up)) }
}
