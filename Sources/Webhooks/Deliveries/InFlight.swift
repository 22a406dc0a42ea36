import Domain

/// How many deliveries are under way, and how many more may be: few to a webhook
/// that fails, so that those which hang leave room for all others.
struct InFlight: Sendable {
    private let limit: Int
    private let limitPerWebhook: Int
    private var counts: [WebhookID: Int] = [:]
    private var failing: Set<WebhookID> = []
    private(set) var total = 0
    private var totalOfFailing: Int { counts.reduce(0) { failing.contains($1.key) ? $0 + $1.value : $0 } }

    /// More than this many are not remembered as failing: then they are treated
    /// like the others.
    static let maxFailing = 4096

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
        for webhook in failing { room[webhook] = isFull ? 0 : max(0, 1 - counts[webhook, default: 0]) }
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

    /// An attempt is over, well or not.
    mutating func record(_ webhook: WebhookID, failed: Bool) {
        if !failed {
            failing.remove(webhook)
        } else if failing.count < Self.maxFailing {
            failing.insert(webhook)
        }
    }
}
