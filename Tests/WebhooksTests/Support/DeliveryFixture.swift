import Domain
import Foundation
import Logging
import Metrics
import OutboundHTTP
import Postgres
import Security
import Store
import TestSupport
import Testing

@testable import Webhooks

/// A database with webhooks, and what delivers to them.
struct DeliveryFixture {
    let pool: PostgresPool
    let outbox: PostgresWebhookOutbox
    let webhooks: PostgresWebhookRegistry
    let events: EventRows
    let client: OutboundHTTPClient
    let clock: any TurngateClock
    let registry = MetricsRegistry()
    let metrics: WebhookMetrics

    init(clock: any TurngateClock = SystemClock()) async throws {
        var configuration = PostgresConfiguration(connectionString: try await TemporaryPostgres.migratedDatabase())
        configuration.queryTimeout = .seconds(60)
        configuration.connectTimeout = .seconds(30)
        configuration.statementTimeout = .seconds(60)
        pool = try PostgresPool(configuration, logger: Logger(label: "test"))
        client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(maxInFlight: 256, maxInFlightPerHost: 256))
        outbox = PostgresWebhookOutbox(pool: pool)
        events = EventRows(pool: pool)
        metrics = WebhookMetrics(registry: registry)
        self.clock = clock
        webhooks = PostgresWebhookRegistry(
            pool: pool, clock: clock, makeSecret: { try WebhookSecret.make().text },
            tester: WebhookTestSender(outbox: outbox, client: client, clock: clock))
    }

    func make(_ url: String, session: SessionID? = nil) async throws -> WebhookWithSecret {
        try await webhooks.create(WebhookSpec(url: url), session: session, claim: nil)
    }

    /// One that polls often and does not spread its retries.
    func deliverer(
        logger: Logger = Logger(label: "test"), _ change: (inout DelivererConfiguration) -> Void = { _ in }
    ) -> WebhookDeliverer {
        var configuration = DelivererConfiguration()
        // A clock that stands still knows no pace.
        if clock is ManualClock { configuration.pace = .zero }
        configuration.poll = .milliseconds(20)
        configuration.tidyEvery = .milliseconds(100)
        configuration.jitter = { 0.5 }
        change(&configuration)
        return WebhookDeliverer(
            outbox: outbox, client: client, clock: clock, metrics: metrics, logger: logger,
            configuration: configuration)
    }

    func log(_ webhook: WebhookID, _ statuses: [WebhookDelivery.Status] = []) async throws -> [WebhookDelivery] {
        try await webhooks.deliveries(webhook, DeliveryQuery(statuses: statuses, limit: 1000)).deliveries
    }

    /// Waits until as many deliveries have come to `status`.
    func reaches(_ count: Int, _ status: WebhookDelivery.Status, _ webhook: WebhookID) async throws -> Bool {
        try await eventually { try await log(webhook, [status]).count == count }
    }
}
