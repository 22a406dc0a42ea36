/// Whom to tell of events over HTTP.
public struct Webhook: Sendable, Equatable {
    /// `whk_…`
    public var id: WebhookID
    /// What was asked for.
    public var spec: WebhookSpec
    /// Only this session's events; nil: those of all.
    public var sessionID: SessionID?
    /// When it was made.
    public var createdAt: Timestamp
    /// Since when nothing is delivered, and why; nil: it is at work.
    public var disabled: Disabled?
    /// Until when the secret before the present one signs too; nil: it does not.
    public var previousSecretExpiresAt: Timestamp?

    /// Why nothing is delivered.
    public struct Disabled: Sendable, Equatable {
        /// Since when.
        public var at: Timestamp
        /// On whose wish.
        public var reason: Reason

        /// Who wanted it.
        public enum Reason: String, Sendable, Codable, CaseIterable {
            /// A caller of the API.
            case api
            /// The receiver answered 410.
            case gone
        }

        public init(at: Timestamp, reason: Reason) {
            self.at = at
            self.reason = reason
        }
    }

    public init(
        id: WebhookID, spec: WebhookSpec, sessionID: SessionID?, createdAt: Timestamp, disabled: Disabled? = nil,
        previousSecretExpiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.spec = spec
        self.sessionID = sessionID
        self.createdAt = createdAt
        self.disabled = disabled
        self.previousSecretExpiresAt = previousSecretExpiresAt
    }
}

/// A webhook as asked for.
public struct WebhookSpec: Sendable, Equatable {
    /// An absolute `http` or `https` URL.
    public var url: String
    /// What it is told of; empty: of everything.
    public var events: [EventType]
    /// For people, at most 1024 characters; nil for none.
    public var description: String?

    public init(url: String, events: [EventType] = [], description: String? = nil) {
        self.url = url
        self.events = events
        self.description = description
    }
}

/// A webhook with the secret that signs its deliveries: shown once, when it is
/// made or its secret is changed.
public struct WebhookWithSecret: Sendable, Equatable {
    /// What was made.
    public var webhook: Webhook
    /// `whsec_…`; a credential, never logged.
    public var secret: String

    public init(webhook: Webhook, secret: String) {
        self.webhook = webhook
        self.secret = secret
    }
}

/// A change to a webhook: what is nil stays.
public struct WebhookPatch: Sendable, Equatable {
    /// Where to deliver from now on.
    public var url: String?
    /// What to tell of from now on; empty: of everything.
    public var events: [EventType]?
    public var description: String?
    /// True puts it to work again, with what waits since then.
    public var enabled: Bool?

    public init(
        url: String? = nil, events: [EventType]? = nil, description: String? = nil, enabled: Bool? = nil
    ) {
        self.url = url
        self.events = events
        self.description = description
        self.enabled = enabled
    }
}

/// Which webhooks to list.
public struct WebhookQuery: Sendable, Equatable {
    /// Only this session's own; nil: all.
    public var session: SessionID?
    /// Only webhooks older than this one; nil: from the newest on.
    public var before: WebhookID?
    /// 1…1000.
    public var limit: Int

    public init(session: SessionID? = nil, before: WebhookID? = nil, limit: Int = 100) {
        self.session = session
        self.before = before
        self.limit = limit
    }
}

/// One page of webhooks.
public struct WebhookPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var webhooks: [Webhook]
    /// For `before` of the following query; nil when none follow.
    public var next: WebhookID?

    public init(webhooks: [Webhook], next: WebhookID?) {
        self.webhooks = webhooks
        self.next = next
    }
}
