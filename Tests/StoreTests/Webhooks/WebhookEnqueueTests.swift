import Domain
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What an event's transaction puts into the outbox.
@Suite struct WebhookEnqueueTests {
    @Test func event_isQueuedForEveryWebhookThatWantsIt() async throws {
        let fixture = try await OutboxFixture()
        let (mine, other) = (try await fixture.events.session(), try await fixture.events.session())
        let all = try await fixture.make()
        let turns = try await fixture.make(events: [.turnStarted, .turnEnded])
        let own = try await fixture.make(session: mine)
        let ids = try await fixture.events.add([.sessionCreated, .turnStarted], to: mine)
        try await fixture.events.add([.sessionActive], to: other)
        #expect(try await fixture.log(all).count == 3)
        #expect(try await fixture.log(turns).map(\.event) == [ids[1]])
        let line = try #require(await fixture.log(own).last)
        #expect(line.event == ids[0] && line.eventType == "session.created" && line.sessionID == mine)
        #expect(line.status == .pending && line.attempts == 0 && line.nextAttemptAt == line.createdAt)
        #expect(try await fixture.log(own).map(\.event) == ids.reversed())
    }

    @Test func event_whoseTransactionFails_isQueuedNowhere() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let webhook = try await fixture.make()
        let add = EventRows.command([EventID(at: SystemClock().now)], [.turnStarted], session)
        await #expect(throws: PostgresError.self) {
            _ = try await fixture.pool.transaction([add, PostgresCommand(.unnamed("SELECT 1/0"))])
        }
        #expect(try await fixture.log(webhook).isEmpty)
        #expect(try await fixture.claim().isEmpty)
    }

    @Test func event_isNotQueued_whileTheWebhookIsDisabledOrAfterItIsDeleted() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let (disabled, deleted) = (try await fixture.make(), try await fixture.make())
        _ = try await fixture.webhooks.update(disabled, with: WebhookPatch(enabled: false))
        try await fixture.webhooks.delete(deleted)
        try await fixture.events.add([.turnStarted], to: session)
        #expect(try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0)
    }

    @Test func ownWebhooks_madeWithTheirSession_areToldOfItsFirstEvent() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let now = SystemClock().now
        let webhook = Webhook(
            id: WebhookID(at: now), spec: WebhookSpec(url: "https://example.com"), sessionID: session, createdAt: now)
        let made = [WebhookWithSecret(webhook: webhook, secret: "whsec_x")]
        let event = EventID(at: now)
        let commands =
            PostgresWebhookRegistry.insertCommands(webhooks: made, session: session)
            + [EventRows.command([event], [.sessionCreated], session)]
        _ = try await fixture.pool.transaction(commands)
        // A lost reply: all of it again.
        _ = try await fixture.pool.transaction(commands)
        #expect(try await fixture.log(webhook.id).map(\.event) == [event])
        #expect(try await fixture.webhooks.webhook(webhook.id) == webhook)
    }

    @Test func session_thatGoes_takesItsWebhooksLanesAndDeliveriesAlong() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        _ = try await fixture.make()
        _ = try await fixture.make(session: session)
        try await fixture.events.add([.turnStarted, .turnEnded], to: session)
        _ = try await fixture.pool.query(.unnamed("DELETE FROM sessions"), [])
        #expect(try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 0)
        #expect(try await fixture.number("SELECT count(*) FROM webhook_lanes") == 0)
        #expect(try await fixture.number("SELECT count(*) FROM webhooks") == 1)
    }

    @Test func manyEventsAtOnce_areListedInTheirOrder() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let webhook = try await fixture.make()
        let ids = try await fixture.events.add(Array(repeating: .turnStarted, count: 900), to: session)
        #expect(try await fixture.log(webhook).map(\.event) == ids.reversed())
    }
}
