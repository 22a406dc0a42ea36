import Domain
import HTTPServer
import Synchronization

/// Holds each caller to the rule. Only callers that were recognised are
/// counted: a bound per address on bad credentials would hit everybody behind
/// the same proxy, and slow nobody down who guesses at secrets from many
/// addresses; the access log and `turngate_http_requests_total` show them.
final class RateLimiter: Sendable {
    /// How many callers are remembered.
    static let capacity = 10_000

    private let rule: RateLimitRule
    private let clock: any TurngateClock
    private let capacity: Int
    private let buckets = Mutex<[CallerKey?: TokenBucket]>([:])

    init(_ rule: RateLimitRule, clock: any TurngateClock, capacity: Int = RateLimiter.capacity) {
        self.rule = rule
        self.clock = clock
        self.capacity = max(1, capacity)
    }

    /// Counts a call of the context's caller, and notes what its answer is to
    /// carry (as `draft-ietf-httpapi-ratelimit-headers-11` has it). Throws 429.
    func admit(_ context: inout RequestContext) throws(Problem) {
        let caller = context.caller.map(CallerKey.init)
        let now = clock.uptime
        let verdict = buckets.withLock { buckets in
            if buckets[caller] == nil, buckets.count >= capacity { makeRoom(in: &buckets, at: now) }
            return buckets[caller, default: TokenBucket(rule, at: now)].take(at: now)
        }
        context.rateLimit = [
            "RateLimit-Policy": "\"default\";q=\(rule.burst);w=\(rule.window)",
            "RateLimit": "\"default\";r=\(verdict.remaining);t=\(verdict.reset)",
        ]
        guard !verdict.isAllowed else { return }
        throw Problem(.rateLimited, "The key may make \(rule.perSecond) calls a second, \(rule.burst) at once.")
            .header("Retry-After", "\(verdict.wait)")
    }

    /// How many callers are remembered now.
    var count: Int { buckets.withLock { $0.count } }

    /// Forgets those for whom it makes no difference; where there are none of
    /// those, everybody, which is generous and bounded.
    private func makeRoom(in buckets: inout [CallerKey?: TokenBucket], at now: Duration) {
        for (caller, bucket) in buckets {
            var bucket = bucket
            if bucket.isFull(at: now) { buckets[caller] = nil }
        }
        if buckets.count >= capacity { buckets.removeAll() }
    }
}
