import ControlAPI
import Domain
import Logging
import Metrics
import Postgres
import Security
import Store
import Webhooks

/// Who tells of events: to open streams, and to webhooks. Both read them from
/// PostgreSQL, and look as soon as they are told that there are some.
struct Tellers: Sendable {
    let hub: EventHub
    let deliverer: WebhookDeliverer
    let webhooks: PostgresWebhookRegistry

    init(
        pool: PostgresPool, calls: OutboundCalls, clock: SystemClock, metrics: MetricsRegistry, logger: Logger
    ) {
        let outbox = PostgresWebhookOutbox(pool: pool)
        hub = EventHub(log: PostgresEventLog(pool: pool), clock: clock, metrics: metrics, logger: logger)
        deliverer = WebhookDeliverer(
            outbox: outbox, client: calls.webhooks, clock: clock, metrics: WebhookMetrics(registry: metrics),
            logger: logger)
        webhooks = PostgresWebhookRegistry(
            pool: pool, clock: clock, makeSecret: { () throws(TurngateError) in try Self.makeSecret() },
            tester: WebhookTestSender(outbox: outbox, client: calls.webhooks, clock: clock))
    }

    /// A new secret for a webhook: `whsec_…`.
    static func makeSecret() throws(TurngateError) -> String {
        do throws(CryptographyError) {
            return try WebhookSecret.make().text
        } catch {
            throw .internalFailure("there is no randomness for a secret: \(error)")
        }
    }

    /// There are new events. Does not wait.
    func wake() {
        hub.wake()
        deliverer.wake()
    }

    /// Begins to tell. The task ends with the hub.
    func start() -> Task<Void, Never> {
        deliverer.start()
        return Task { await hub.run() }
    }
}
