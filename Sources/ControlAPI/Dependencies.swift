import Domain
import Foundation
import Logging
import Metrics

/// What the API is made of; filled in by the composition root.
public struct Dependencies: Sendable {
    var sessions: any SessionControl
    var history: any StateHistory
    // i4: no optional any more once the lead's composition gives one.
    var events: EventHub?
    var tokens: any ParticipantTokenIssuer
    var authenticator: (any CallerAuthenticator)?
    var probes: [any ReadinessProbe]
    var metrics: MetricsRegistry
    var openAPI: [UInt8]
    var docsDirectory: URL?
    var version: VersionInfo
    var clock: any TurngateClock
    var logger: Logger

    /// - Parameters:
    ///   - events: what `/v1/events` and `…/events` are fed by; somebody else runs it.
    ///   - authenticator: who may call. Nil, which only a loopback address
    ///     may be served with: everybody has the scope `admin` and no name.
    ///   - probes: what `/readyz` asks, in the order it shows them.
    ///   - openAPI: the bytes of `openapi.yaml`.
    ///   - docsDirectory: where `swagger-ui-bundle.js` and `swagger-ui.css`
    ///     lie (`openapi_ui_bundles/swagger_ui/vendor` of the package
    ///     `openapi-ui-bundles`); nil where they were not installed.
    public init(
        sessions: any SessionControl, history: any StateHistory, events: EventHub? = nil,
        tokens: any ParticipantTokenIssuer, authenticator: (any CallerAuthenticator)?, probes: [any ReadinessProbe],
        metrics: MetricsRegistry,
        openAPI: [UInt8], docsDirectory: URL?, version: VersionInfo, clock: any TurngateClock, logger: Logger
    ) {
        self.sessions = sessions
        self.history = history
        self.events = events
        self.tokens = tokens
        self.authenticator = authenticator
        self.probes = probes
        self.metrics = metrics
        self.openAPI = openAPI
        self.docsDirectory = docsDirectory
        self.version = version
        self.clock = clock
        self.logger = logger
    }
}
