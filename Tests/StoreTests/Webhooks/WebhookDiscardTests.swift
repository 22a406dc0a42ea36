import Domain
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// What is never delivered, and what is forgotten.
@Suite struct WebhookDiscardTests {
    @Test func receiverThatIsGone_losesWhatWaits_andGetsOnlyWhatIsNewOnceItIsBack() async throws {
        let fixture = try await OutboxFixture(tidyRows: 2)
        let (session, late) = (try await fixture.events.session(), try await fixture.events.session())
        let webhook = try await fixture.make(url: "https://example.com/old")
        try await fixture.events.add(Array(repeating: .turnStarted, count: 5), to: session)
        #expect(try await !fixture.outbox.disableGone(webhook, url: "https://example.com/another"))
        #expect(try await fixture.outbox.disableGone(webhook, url: "https://example.com/old"))
        #expect(try await fixture.webhooks.webhook(webhook).disabled?.reason == .gone)
        #expect(try await fixture.claim().isEmpty)
        _ = try await fixture.webhooks.update(webhook, with: WebhookPatch(enabled: true))
        // Even before anything is tidied up.
        var ids = try await fixture.events.add([.turnEnded], to: session)
        ids += try await fixture.events.add([.turnEnded], to: late)
        #expect(Set(try await fixture.drain().values.flatMap { $0 }) == Set(ids))
        try await fixture.tidy()
        #expect(try await fixture.log(webhook, [.discarded]).count == 5)
        #expect(try await fixture.log(webhook, [.delivered]).count == 2)
        #expect(try await fixture.number("SELECT count(*) FROM webhooks WHERE discarding") == 0)
    }

    @Test func laneUnderWay_whenItsWebhookIsGone_isHandedToNobody() async throws {
        let fixture = try await OutboxFixture()
        let webhook = try await fixture.make()
        try await fixture.events.add([.turnStarted, .turnEnded], to: try await fixture.events.session())
        let lane = try #require(await fixture.claim().first)
        let head = try await fixture.waiting(in: lane)[0]
        #expect(try await fixture.outbox.disableGone(webhook, url: "https://example.com/hook"))
        try await fixture.tidy()
        #expect(try await fixture.outbox.batch(of: lane, limit: 10, bytes: 1000) == nil)
        // What was tried meanwhile is told, and stays discarded.
        #expect(try await fixture.settle(lane, head, .again(fixture.clock.now)) != .lost)
        let line = try #require(await fixture.log(webhook, [.discarded]).last)
        #expect(line.attempts == 1 && line.lastStatus == 500)
        #expect(try await fixture.claim().isEmpty)
    }

    @Test func disabledWebhook_keepsWhatWaits_andGoesOnAtOnceWhenItIsEnabled() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        let webhook = try await fixture.make()
        let ids = try await fixture.events.add([.turnStarted, .turnEnded], to: session)
        let lane = try #require(await fixture.claim().first)
        try await fixture.settle(lane, fixture.waiting(in: lane)[0], .again(fixture.clock.now + .seconds(3600)))
        _ = try await fixture.webhooks.update(webhook, with: WebhookPatch(enabled: false))
        try await fixture.events.add([.sessionEnded], to: session)
        try await fixture.tidy()
        #expect(try await fixture.claim().isEmpty)
        _ = try await fixture.webhooks.update(webhook, with: WebhookPatch(enabled: true))
        #expect(try await fixture.drain().values.map { $0 } == [ids])
    }

    @Test func manyLateLanes_areHurriedAFewAtATime_andNoneIsLeft() async throws {
        let fixture = try await OutboxFixture(hurryLanes: 2)
        let webhook = try await fixture.make()
        for _ in 0..<5 { try await fixture.events.add([.turnStarted], to: try await fixture.events.session()) }
        for lane in try await fixture.claim(each: 10) {
            try await fixture.settle(lane, fixture.waiting(in: lane)[0], .again(fixture.clock.now + .seconds(3600)))
        }
        #expect(try await fixture.claim(each: 10).isEmpty)
        _ = try await fixture.webhooks.update(webhook, with: WebhookPatch(url: "https://example.com/new"))
        #expect(try await fixture.number("SELECT count(DISTINCT xmin::text) FROM webhook_lanes") == 3)
        #expect(try await fixture.claim(each: 10).count == 5)
    }

    @Test func webhookDisabledForLong_losesWhatWaits() async throws {
        let fixture = try await OutboxFixture()
        let webhook = try await fixture.make()
        try await fixture.events.add([.turnStarted], to: try await fixture.events.session())
        _ = try await fixture.webhooks.update(webhook, with: WebhookPatch(enabled: false))
        try await fixture.tidy(OutboxAges(disabled: .seconds(-1)))
        #expect(try await fixture.log(webhook).map(\.status) == [.discarded])
    }

    @Test func deletedWebhook_isGoneForAllAtOnce_andItsRowsAfterTheNextTidying() async throws {
        let fixture = try await OutboxFixture(tidyRows: 2)
        let session = try await fixture.events.session()
        let (webhook, other) = (try await fixture.make(), try await fixture.make())
        try await fixture.events.add(Array(repeating: .turnStarted, count: 5), to: session)
        try await fixture.webhooks.delete(webhook)
        await #expect(throws: TurngateError.notFound(.webhook)) { try await fixture.webhooks.delete(webhook) }
        await #expect(throws: TurngateError.notFound(.webhook)) { _ = try await fixture.log(webhook) }
        await #expect(throws: TurngateError.notFound(.webhook)) { _ = try await fixture.outbox.target(webhook) }
        #expect(try await fixture.claim().map(\.webhook) == [other])
        try await fixture.tidy()
        // It stays itself, for those who may still see it.
        #expect(try await fixture.number("SELECT count(*) FROM webhooks") == 2)
        try await fixture.tidy(OutboxAges(deleted: .seconds(-1)))
        #expect(try await fixture.number("SELECT count(*) FROM webhooks") == 1)
        #expect(try await fixture.number("SELECT count(*) FROM webhook_deliveries") == 5)
        #expect(try await fixture.number("SELECT count(*) FROM webhook_lanes") == 1)
    }

    @Test func oldLines_areForgotten_eachKindInItsTime_withTheLanesThatAreEmpty() async throws {
        let fixture = try await OutboxFixture(tidyRows: 2)
        let (first, second) = (try await fixture.events.session(), try await fixture.events.session())
        let webhook = try await fixture.make()
        try await fixture.events.add(Array(repeating: .turnStarted, count: 5), to: first)
        _ = try await fixture.drain()
        try await fixture.events.add([.turnStarted, .turnEnded], to: second)
        let lane = try #require(await fixture.claim().first)
        try await fixture.settle(lane, fixture.waiting(in: lane)[0], .failed)
        try await fixture.outbox.release(lane, due: nil, through: nil)
        try await fixture.tidy()
        #expect(try await fixture.log(webhook).count == 7)
        try await fixture.tidy(OutboxAges(delivered: .seconds(-1)))
        #expect(Set(try await fixture.log(webhook).map(\.status)) == [.failed, .pending])
        #expect(try await fixture.number("SELECT count(*) FROM webhook_lanes") == 1)
        try await fixture.tidy(OutboxAges(delivered: .seconds(-1), undelivered: .seconds(-1)))
        #expect(try await fixture.log(webhook).map(\.status) == [.pending])
        // The lane that went begins anew.
        let ids = try await fixture.events.add([.turnEnded], to: first)
        #expect(try await fixture.drain().first { $0.key.session == first }?.value == ids)
    }
}
