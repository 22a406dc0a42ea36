import Domain
import Foundation
import Logging
import Metrics

/// What the API is made of; filled in by the composition root.
public struct Dependencies: Sendable {
    var sessions: any SessionControl
    var history: any StateHistory
    var events: EventHub
    var webhooks: any WebhookRegistry
    var rules: OutboundRules
    var tokens: any ParticipantTokenIssuer
    var authenticator: (any CallerAuthenticator)?
    var idempotency: Idempotency?
    var rateLimit: RateLimitRule?
    var probes: [any ReadinessProbe]
    var metrics: MetricsRegistry
    var openAPI: [UInt8]
    var docsDirectory: URL?
    var version: VersionInfo
    var relay: (any TaskExecutor)?
    var clock: any TurngateClock
    var logger: Logger

    /// - Parameters:
    ///   - events: what `/v1/events` and `…/events` are fed by; somebody else runs it.
    ///   - outboundURLs: which URLs of the users' systems may be called at all.
    ///   - serviceSigns: whether the service has a secret of its own; without
    ///     it every `webhook` handler has to bring one.
    ///   - authenticator: who may call. Nil, which only a loopback address
    ///     may be served with: everybody has the scope `admin` and no name.
    ///   - idempotency: where the answers of keyed calls are kept. Nil: every call
    ///     is carried out, key or not.
    ///   - rateLimit: how many calls a caller may make; nil: any number.
    ///   - probes: what `/readyz` asks, in the order it shows them.
    ///   - openAPI: the bytes of `openapi.yaml`.
    ///   - docsDirectory: where `swagger-ui-bundle.js` and `swagger-ui.css`
    ///     lie (`openapi_ui_bundles/swagger_ui/vendor` of the package
    ///     `openapi-ui-bundles`); nil where they were not installed.
    ///   - relay: where calls go on that only pass on what the database says; nil:
    ///     on Swift's common threads, as all others.
    public init(
        sessions: any SessionControl, history: any StateHistory, events: EventHub, webhooks: any WebhookRegistry,
        outboundURLs: any OutboundURLRule, serviceSigns: Bool, tokens: any ParticipantTokenIssuer,
        authenticator: (any CallerAuthenticator)?, idempotency: Idempotency? = nil, rateLimit: RateLimitRule? = nil,
        probes: [any ReadinessProbe], metrics: MetricsRegistry, openAPI: [UInt8], docsDirectory: URL?,
        version: VersionInfo, relay: (any TaskExecutor)? = nil, clock: any TurngateClock, logger: Logger
    ) {
        self.sessions = sessions
        self.history = history
        self.events = events
        self.webhooks = webhooks
        rules = OutboundRules(urls: outboundURLs, serviceSigns: serviceSigns)
        self.tokens = tokens
        self.authenticator = authenticator
        self.idempotency = idempotency
        self.rateLimit = rateLimit
        self.probes = probes
        self.metrics = metrics
        self.openAPI = openAPI
        self.docsDirectory = docsDirectory
        self.version = version
        self.relay = relay
        self.clock = clock
        self.logger = logger
    }
}
