import Foundation

/// Which lanes to lease.
public struct LaneWish: Sendable, Equatable {
    /// By the caller's wall clock, which retries are planned by.
    public var now: Timestamp
    /// How long they are to be the caller's, by the store's clock.
    public var lease: Duration
    /// How many at most.
    public var limit: Int
    /// How many at most of each of these webhooks; 0: none.
    public var room: [WebhookID: Int]
    /// How many at most of any other webhook.
    public var roomOfOthers: Int
    /// Only of webhooks that sort after this one; nil: of all.
    public var after: WebhookID?

    public init(
        now: Timestamp, lease: Duration, limit: Int, room: [WebhookID: Int] = [:], roomOfOthers: Int,
        after: WebhookID? = nil
    ) {
        self.now = now
        self.lease = lease
        self.limit = limit
        self.room = room
        self.roomOfOthers = roomOfOthers
        self.after = after
    }
}

/// A lane that the caller has leased.
public struct WebhookLane: Sendable, Hashable {
    /// Whom its deliveries go to.
    public var webhook: WebhookID
    /// Whose events they tell of.
    public var session: SessionID
    /// Proves that it is the caller's: another lease has another.
    public var lease: UUID

    public init(webhook: WebhookID, session: SessionID, lease: UUID) {
        self.webhook = webhook
        self.session = session
        self.lease = lease
    }
}

/// The first deliveries of a lane.
public struct LaneBatch: Sendable {
    /// Where they go.
    public var target: WebhookTarget
    /// In order; empty when nothing waits.
    public var deliveries: [QueuedDelivery]
    /// The position up to which everything that waits was looked at.
    public var lastPosition: Int64
    /// Since when attempts in this lane have failed; nil when the last did not.
    public var failingSince: Timestamp?

    public init(
        target: WebhookTarget, deliveries: [QueuedDelivery], lastPosition: Int64, failingSince: Timestamp?
    ) {
        self.target = target
        self.deliveries = deliveries
        self.lastPosition = lastPosition
        self.failingSince = failingSince
    }
}

/// Where deliveries go, and what signs them.
public struct WebhookTarget: Sendable {
    /// Which webhook it is.
    public var id: WebhookID
    /// An absolute `http` or `https` URL.
    public var url: String
    /// `whsec_…`, the newest first, each valid now; credentials, never logged.
    public var secrets: [String]
    /// Another one after each change to the webhook.
    public var revision: Int64

    public init(id: WebhookID, url: String, secrets: [String], revision: Int64) {
        self.id = id
        self.url = url
        self.secrets = secrets
        self.revision = revision
    }
}

/// A delivery that waits.
public struct QueuedDelivery: Sendable, Equatable {
    /// Where its event stands.
    public var position: Int64
    /// What the receiver sees as `webhook-id`.
    public var event: EventID
    /// What it is called.
    public var eventType: EventType?
    /// How often it was tried.
    public var attempts: Int
    /// When the event was written down.
    public var createdAt: Timestamp
    /// The event's envelope.
    public var body: [UInt8]
    /// The trace that the event belongs to; nil for none.
    public var trace: TraceContext?

    public init(
        position: Int64, event: EventID, eventType: EventType?, attempts: Int, createdAt: Timestamp, body: [UInt8],
        trace: TraceContext?
    ) {
        self.position = position
        self.event = event
        self.eventType = eventType
        self.attempts = attempts
        self.createdAt = createdAt
        self.body = body
        self.trace = trace
    }
}

/// One attempt at a delivery, and what came of it.
public struct WebhookAttempt: Sendable, Equatable {
    /// Which delivery of its lane.
    public var position: Int64
    /// When it was made.
    public var at: Timestamp
    /// How long it took.
    public var duration: Duration
    /// The HTTP status; nil where there was no answer.
    public var status: Int?
    /// What was wrong, as a sentence for the operator; nil where nothing was.
    public var error: String?
    /// What follows.
    public var outcome: Outcome

    /// What an attempt leads to.
    public enum Outcome: Sendable, Equatable {
        /// The receiver has it.
        case delivered
        /// Given up.
        case failed
        /// To be tried again, not before this moment.
        case again(Timestamp)
    }

    public init(
        position: Int64, at: Timestamp, duration: Duration, status: Int?, error: String?, outcome: Outcome
    ) {
        self.position = position
        self.at = at
        self.duration = duration
        self.status = status
        self.error = error
        self.outcome = outcome
    }
}

/// How a lane stands after an attempt was written down.
public enum LaneStanding: Sendable, Equatable {
    /// The lane is still the caller's (after `again`: was, until now); this is the
    /// webhook's revision by now.
    case held(revision: Int64)
    /// The lease ran out and somebody else has it: nothing was written.
    case lost
}

/// How long what is over is kept.
public struct OutboxAges: Sendable, Equatable {
    /// Lines of deliveries that the receiver has.
    public var delivered: Duration
    /// All other lines.
    public var undelivered: Duration
    /// What waits for a webhook that a caller has disabled.
    public var disabled: Duration
    /// What a deleted webhook leaves when all that hung on it is gone: longer than
    /// any transaction that may still see it.
    public var deleted: Duration

    public init(
        delivered: Duration = .seconds(3 * 86_400), undelivered: Duration = .seconds(30 * 86_400),
        disabled: Duration = .seconds(3 * 86_400), deleted: Duration = .seconds(600)
    ) {
        self.delivered = delivered
        self.undelivered = undelivered
        self.disabled = disabled
        self.deleted = deleted
    }
}
