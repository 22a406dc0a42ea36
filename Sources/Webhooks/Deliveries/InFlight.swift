import Domain

/// How many deliveries are under way, and how many more may be: few to a webhook
/// that fails, so that those which hang leave room for all others.
struct InFlight: Sendable {
    private let limit: Int
    private let limitPerWebhook: Int
    private var counts: [WebhookID: Int] = [:]
    /// When each was tried last, by the clock's uptime.
    private var failing: [WebhookID: Duration] = [:]
    private(set) var total = 0
    private var totalOfFailing: Int { counts.reduce(0) { failing[$1.key] == nil ? $0 : $0 + $1.value } }

    /// How many are remembered as failing: then the one that was tried longest ago
    /// makes room.
    static let maxFailing = 4096
    /// How long ago one was tried that is no longer known to fail.
    static let memory = Duration.seconds(600)

    init(limit: Int, limitPerWebhook: Int) {
        self.limit = max(1, limit)
        self.limitPerWebhook = max(1, limitPerWebhook)
    }

    /// How many may still be begun.
    var room: Int { limit - total }

    /// What an unknown webhook may have.
    var roomOfOthers: Int { limitPerWebhook }

    /// What those may have that are busy or fail.
    var roomByWebhook: [WebhookID: Int] {
        let isFull = totalOfFailing >= max(1, limit / 2)
        var room = counts.mapValues { max(0, limitPerWebhook - $0) }
        for webhook in failing.keys { room[webhook] = isFull ? 0 : max(0, 1 - counts[webhook, default: 0]) }
        return room
    }

    /// A lane of it is begun.
    mutating func begin(_ webhook: WebhookID) {
        counts[webhook, default: 0] += 1
        total += 1
    }

    /// A lane of it is over.
    mutating func end(_ webhook: WebhookID) {
        let count = counts[webhook, default: 1] - 1
        counts[webhook] = count > 0 ? count : nil
        total -= 1
    }

    /// An attempt is over, well or not; `now` is the clock's uptime.
    mutating func record(_ webhook: WebhookID, failed: Bool, at now: Duration) {
        guard failed else { return forget(webhook) }
        if failing.count >= Self.maxFailing, failing[webhook] == nil,
            let oldest = failing.min(by: { $0.value < $1.value })
        {
            failing[oldest.key] = nil
        }
        failing[webhook] = now
    }

    /// It is gone, or others have it now.
    mutating func forget(_ webhook: WebhookID) { failing[webhook] = nil }

    /// Forgets those that were not tried for long; `now` is the clock's uptime.
    mutating func forgetOld(at now: Duration) { failing = failing.filter { now - $0.value < Self.memory } }
}
