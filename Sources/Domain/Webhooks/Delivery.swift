/// A line of a webhook's delivery log: one event on its way to one receiver.
public struct WebhookDelivery: Sendable, Equatable {
    /// `dlv_…`; the same in all its attempts.
    public var id: DeliveryID
    /// Whom it goes to.
    public var webhook: WebhookID
    /// What it tells of: the `webhook-id` that the receiver sees. Nil for a test.
    public var event: EventID?
    /// What that event is called; `webhook.test` for a test.
    public var eventType: String
    /// Whose event it is; nil for a test.
    public var sessionID: SessionID?
    /// Where it stands.
    public var status: Status
    /// How often it was tried.
    public var attempts: Int
    /// When the event was written down.
    public var createdAt: Timestamp
    /// When it is tried next; nil once it is over. Never before those of the same
    /// session that come before it are over.
    public var nextAttemptAt: Timestamp?
    /// When it was tried last; nil until then.
    public var lastAttemptAt: Timestamp?
    /// The HTTP status of the last attempt; nil where there was no answer.
    public var lastStatus: Int?
    /// What was wrong with the last attempt, as a sentence for the operator.
    public var lastError: String?
    /// How long the last attempt took.
    public var lastDuration: Duration?

    /// Where a delivery stands.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// To be tried, or tried again.
        case pending
        /// The receiver took it: any 2xx.
        case delivered
        /// Given up, after three days.
        case failed
        /// The webhook was disabled by its receiver (410), or removed.
        case discarded
    }

    public init(
        id: DeliveryID, webhook: WebhookID, event: EventID?, eventType: String, sessionID: SessionID?, status: Status,
        attempts: Int, createdAt: Timestamp, nextAttemptAt: Timestamp?, lastAttemptAt: Timestamp? = nil,
        lastStatus: Int? = nil, lastError: String? = nil, lastDuration: Duration? = nil
    ) {
        self.id = id
        self.webhook = webhook
        self.event = event
        self.eventType = eventType
        self.sessionID = sessionID
        self.status = status
        self.attempts = attempts
        self.createdAt = createdAt
        self.nextAttemptAt = nextAttemptAt
        self.lastAttemptAt = lastAttemptAt
        self.lastStatus = lastStatus
        self.lastError = lastError
        self.lastDuration = lastDuration
    }
}

/// Which deliveries to list.
public struct DeliveryQuery: Sendable, Equatable {
    /// With one of these; empty: with any.
    public var statuses: [WebhookDelivery.Status]
    /// Only deliveries older than this one; nil: from the newest on.
    public var before: DeliveryID?
    /// 1…1000.
    public var limit: Int

    public init(statuses: [WebhookDelivery.Status] = [], before: DeliveryID? = nil, limit: Int = 100) {
        self.statuses = statuses
        self.before = before
        self.limit = limit
    }
}

/// One page of a delivery log.
public struct DeliveryPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var deliveries: [WebhookDelivery]
    /// For `before` of the following query; nil when none follow.
    public var next: DeliveryID?

    public init(deliveries: [WebhookDelivery], next: DeliveryID?) {
        self.deliveries = deliveries
        self.next = next
    }
}
