import Domain
import Foundation
import Logging
import Postgres
import Store
import TestSupport
import Testing

/// What is made together with a session.
@Suite struct SessionWebhookTests {
    @Test func insertedSession_hasItsWebhooksAndItsClaim_andTellsThemOfItself() async throws {
        let fixture = try await StoreFixture()
        let session = fixture.makeSession()
        let machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
        let keys = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: StoreFixture.description().id, clock: SystemClock(),
            logger: Logger(label: "test"))
        let request = IdempotencyRequest(caller: "key", key: "k1", fingerprint: Array(repeating: 7, count: 32))
        guard case .claimed(let claim) = try await keys.claim(request) else {
            Issue.record("the key is new")
            return
        }
        let now = SystemClock().now
        let webhook = Webhook(
            id: WebhookID(at: now), spec: WebhookSpec(url: "https://example.com"), sessionID: session.id,
            createdAt: now)
        try await fixture.sessions.insert(
            session, first: machine.current, webhooks: [WebhookWithSecret(webhook: webhook, secret: "whsec_x")],
            owner: fixture.runtime.id, claim: claim)
        let other = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: StoreFixture.description().id, clock: SystemClock(),
            logger: Logger(label: "test"))
        guard case .made(.session(session.id), _) = try await other.claim(request) else {
            Issue.record("the claim is not bound")
            return
        }
        let told = try await fixture.sql(
            "SELECT event_type FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY position",
            [.uuid(webhook.id.uuid)])
        #expect(try told.first?.get(0, as: String.self) == "session.created")
    }
}
