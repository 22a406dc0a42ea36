import Domain
import Foundation
import Logging
import Postgres
import Store
import TestSupport
import Testing

@Suite struct WebhookRegistryTests {
    @Test func webhook_comesBackAsItWasMade_withoutItsSecret() async throws {
        let fixture = try await OutboxFixture()
        let spec = WebhookSpec(url: "https://example.com/a?b=c", events: [.turnEnded, .turnStarted], description: "é")
        let made = try await fixture.webhooks.create(spec, session: nil, claim: nil)
        #expect(made.secret.hasPrefix("whsec_") && made.webhook.spec == spec)
        #expect(try await fixture.webhooks.webhook(made.webhook.id) == made.webhook)
        let target = try await fixture.outbox.target(made.webhook.id)
        #expect(target.secrets == [made.secret] && target.url == spec.url)
        await #expect(throws: TurngateError.notFound(.webhook)) {
            _ = try await fixture.webhooks.webhook(WebhookID(at: SystemClock().now))
        }
        await #expect(throws: TurngateError.notFound(.session)) {
            _ = try await fixture.make(session: SessionID(at: SystemClock().now))
        }
    }

    @Test func list_isNewestFirst_inPages_andOfOneSession() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        var ids: [WebhookID] = []
        for round in 0..<5 { ids.append(try await fixture.make(session: round < 2 ? session : nil)) }
        let first = try await fixture.webhooks.webhooks(WebhookQuery(limit: 3))
        #expect(first.webhooks.map(\.id) == [ids[4], ids[3], ids[2]] && first.next == ids[2])
        let second = try await fixture.webhooks.webhooks(WebhookQuery(before: first.next, limit: 3))
        #expect(second.webhooks.map(\.id) == [ids[1], ids[0]] && second.next == nil)
        let own = try await fixture.webhooks.webhooks(WebhookQuery(session: session))
        #expect(own.webhooks.map(\.id) == [ids[1], ids[0]])
    }

    @Test func patch_changesWhatItHas_andLeavesTheRest() async throws {
        let fixture = try await OutboxFixture()
        let id = try await fixture.make(events: [.turnStarted])
        let described = try await fixture.webhooks.update(id, with: WebhookPatch(description: "mine"))
        #expect(described.spec.events == [.turnStarted] && described.spec.description == "mine")
        let off = try await fixture.webhooks.update(id, with: WebhookPatch(events: [], enabled: false))
        #expect(off.disabled?.reason == .api && off.spec.events.isEmpty)
        // Since when stays.
        #expect(try await fixture.webhooks.update(id, with: WebhookPatch(enabled: false)).disabled == off.disabled)
        #expect(try await fixture.webhooks.update(id, with: WebhookPatch(enabled: true)).disabled == nil)
        await #expect(throws: TurngateError.notFound(.webhook)) {
            _ = try await fixture.webhooks.update(WebhookID(at: SystemClock().now), with: WebhookPatch())
        }
    }

    @Test func rotation_hasTwoSecretsForItsTime_andTheDelivererSeesIt() async throws {
        let fixture = try await OutboxFixture()
        let made = try await fixture.webhooks.create(
            WebhookSpec(url: "https://example.com"), session: nil, claim: nil)
        let id = made.webhook.id
        let before = try await fixture.outbox.target(id)
        let second = try await fixture.webhooks.rotateSecret(id, overlap: .seconds(600))
        let during = try await fixture.outbox.target(id)
        #expect(during.secrets == [second.secret, made.secret] && during.revision != before.revision)
        #expect(second.webhook.previousSecretExpiresAt != nil)
        let third = try await fixture.webhooks.rotateSecret(id, overlap: .zero)
        #expect(try await fixture.outbox.target(id).secrets == [third.secret])
        #expect(third.webhook.previousSecretExpiresAt == nil)
        let fourth = try await fixture.webhooks.rotateSecret(id, overlap: .milliseconds(1))
        let isOver = await eventually { (try? await fixture.outbox.target(id).secrets) == [fourth.secret] }
        #expect(isOver)
        #expect(try await fixture.webhooks.webhook(id).previousSecretExpiresAt == nil)
    }

    @Test func limits_holdAlsoWhenManyAreMadeAtOnce() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        for _ in 0..<97 { _ = try await fixture.make() }
        for (owner, room, limit) in [(nil, 3, 100), (session, 5, 5)] as [(SessionID?, Int, Int)] {
            let outcomes = await withTaskGroup(of: TurngateError?.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        do throws(TurngateError) {
                            _ = try await fixture.webhooks.create(
                                WebhookSpec(url: "https://example.com"), session: owner, claim: nil)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == nil }.count == room)
            #expect(outcomes.filter { $0 == .conflict(.tooManyWebhooks(limit: limit)) }.count == 12 - room)
        }
        // A deleted one makes room.
        let some = try #require(await fixture.webhooks.webhooks(WebhookQuery(session: session)).webhooks.first)
        try await fixture.webhooks.delete(some.id)
        _ = try await fixture.make(session: session)
    }

    @Test func deliveries_arePagedByStatus_newestFirst() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let webhook = try await fixture.make()
        let old = try await fixture.events.add([.turnStarted, .turnEnded], to: session)
        _ = try await fixture.drain()
        let new = try await fixture.events.add([.turnStarted, .turnEnded], to: session)
        let first = try await fixture.webhooks.deliveries(webhook, DeliveryQuery(limit: 3))
        #expect(first.deliveries.map(\.event) == [new[1], new[0], old[1]])
        let rest = try await fixture.webhooks.deliveries(webhook, DeliveryQuery(before: first.next, limit: 3))
        #expect(rest.deliveries.map(\.event) == [old[0]] && rest.next == nil)
        #expect(try await fixture.log(webhook, [.pending]).map(\.event) == new.reversed())
        #expect(try await fixture.log(webhook, [.delivered, .failed]).map(\.event) == old.reversed())
    }

    @Test func claim_isBoundToWhatItMade_inTheSameTransaction() async throws {
        let fixture = try await OutboxFixture()
        let runtime = StoreFixture.description().id
        let keys = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: runtime, clock: SystemClock(), logger: Logger(label: "test"))
        let request = IdempotencyRequest(caller: "key", key: "k1", fingerprint: Array(repeating: 7, count: 32))
        guard case .claimed(let claim) = try await keys.claim(request) else {
            Issue.record("the key is new")
            return
        }
        let spec = WebhookSpec(url: "https://example.com")
        let made = try await fixture.webhooks.create(spec, session: nil, claim: claim)
        // Another process asks, this one having died.
        let other = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: StoreFixture.description().id, clock: SystemClock(),
            logger: Logger(label: "test"))
        guard case .made(.webhook(made.webhook.id), _) = try await other.claim(request) else {
            Issue.record("the claim is not bound")
            return
        }
        // A claim that is not held makes nothing.
        await #expect(throws: TurngateError.self) {
            _ = try await fixture.webhooks.create(spec, session: nil, claim: IdempotencyClaim(id: UUID()))
        }
        #expect(try await fixture.webhooks.webhooks(WebhookQuery()).webhooks == [made.webhook])
    }

    @Test func rotation_isBoundToItsClaim_andDoneOverItLeavesWhatSignsBeside() async throws {
        let fixture = try await OutboxFixture()
        func keys() -> PostgresIdempotencyLog {
            PostgresIdempotencyLog(
                pool: fixture.pool, runtime: StoreFixture.description().id, clock: SystemClock(),
                logger: Logger(label: "test"))
        }
        let request = IdempotencyRequest(caller: "key", key: "k1", fingerprint: Array(repeating: 7, count: 32))
        let made = try await fixture.webhooks.create(
            WebhookSpec(url: "https://example.com"), session: nil, claim: nil)
        let id = made.webhook.id
        guard case .claimed(let claim) = try await keys().claim(request) else {
            Issue.record("the key is new")
            return
        }
        let rotated = try await fixture.webhooks.rotateSecret(id, overlap: .seconds(600), claim: claim)
        // Another process asks, this one having died.
        guard case .made(.secret(of: id), let second) = try await keys().claim(request) else {
            Issue.record("the claim is not bound")
            return
        }
        let again = try await fixture.webhooks.rotateSecret(id, overlap: nil, claim: second)
        #expect(again.secret != rotated.secret && again.webhook == rotated.webhook)
        // The first was only slow: it changes nothing any more.
        await #expect(throws: TurngateError.self) {
            _ = try await fixture.webhooks.rotateSecret(id, overlap: nil, claim: claim)
        }
        let row = try await fixture.pool.query(
            .unnamed("SELECT secret, previous_secret FROM webhooks WHERE id = $1"), [.uuid(id.uuid)]
        ).first
        #expect(try row?.get(0, as: String.self) == again.secret)
        #expect(try row?.get(1, as: String.self) == made.secret)
    }

    @Test func test_isWrittenIntoTheLog() async throws {
        let fixture = try await OutboxFixture()
        let webhook = try await fixture.make()
        let now = SystemClock().now
        let test = WebhookDelivery(
            id: DeliveryID(at: now), webhook: webhook, event: nil, eventType: "webhook.test", sessionID: nil,
            status: .failed, attempts: 1, createdAt: now, nextAttemptAt: nil, lastAttemptAt: now, lastStatus: nil,
            lastError: "could not connect", lastDuration: .milliseconds(3))
        try await fixture.outbox.record(test)
        #expect(try await fixture.log(webhook) == [test])
        #expect(try await fixture.claim().isEmpty)
    }
}
