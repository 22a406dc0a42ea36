import Domain
import Testing

@testable import Webhooks

@Suite struct RetryTests {
    private let now = Timestamp(microseconds: 784_111_777_000_000)

    private func plan(_ jitter: Double) -> RetryPlan {
        RetryPlan(giveUpAfter: .seconds(3 * 86_400), jitter: { jitter })
    }

    @Test(arguments: [(0.0, 4, 24), (0.5, 5, 30), (1.0, 6, 36), (7.0, 6, 36), (-7.0, 4, 24)])
    func pauses_areSpreadByAFifth(jitter: Double, first: Int, second: Int) {
        let plan = plan(jitter)
        #expect(plan.next(after: 1, at: now, since: now, retryAfter: nil) == now + .seconds(first))
        #expect(plan.next(after: 2, at: now, since: now, retryAfter: nil) == now + .seconds(second))
    }

    @Test func lastPause_isRepeated_upToTheDeadline_andNotBeyond() {
        let plan = plan(0.5)
        #expect(plan.next(after: 100, at: now, since: now, retryAfter: nil) == now + .seconds(28_800))
        let end = now + .seconds(3 * 86_400)
        #expect(plan.next(after: 100, at: end + .seconds(-60), since: now, retryAfter: nil) == end)
        #expect(plan.next(after: 100, at: end, since: now, retryAfter: nil) == nil)
    }

    @Test(arguments: [(0, 5), (77, 77), (3600, 3600), (86_400, 3600)])
    func retryAfter_goesFirst_withinItsBounds(asked: Int, given: Int) {
        let next = plan(1).next(after: 5, at: now, since: now, retryAfter: .seconds(asked))
        #expect(next == now + .seconds(given))
    }

    @Test(arguments: [
        ("0", 0), ("120", 120), ("99999999999999999999", 999_999_999), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
    ])
    func retryAfter_isSecondsOrAMoment(value: String, seconds: Int) {
        #expect(RetryAfter.pause(value, now: now) == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "1.5", "soon", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "٣"])
    func retryAfter_malformed_isNone(value: String) {
        #expect(RetryAfter.pause(value, now: now) == nil)
    }

    @Test func webhooksThatFail_haveOnePlaceEach_andHalfOfAllTogether() {
        var inFlight = InFlight(limit: 8, limitPerWebhook: 4)
        let webhooks = (0..<6).map { WebhookID(at: now + .seconds($0)) }
        for webhook in webhooks { inFlight.record(webhook, failed: true, at: .zero) }
        #expect(inFlight.roomByWebhook.values.allSatisfy { $0 == 1 } && inFlight.roomOfOthers == 4)
        for webhook in webhooks.prefix(4) { inFlight.begin(webhook) }
        #expect(inFlight.room == 4 && inFlight.roomByWebhook[webhooks[5]] == 0)
        inFlight.record(webhooks[0], failed: false, at: .zero)
        #expect(inFlight.roomByWebhook[webhooks[0]] == 3 && inFlight.roomByWebhook[webhooks[5]] == 1)
        for webhook in webhooks.prefix(4) { inFlight.end(webhook) }
        #expect(inFlight.room == 8 && inFlight.roomByWebhook[webhooks[0]] == nil)
    }

    @Test func webhooksThatFail_areForgottenWhenNotTriedForLong_orGone_andTheOldestWhenThereAreTooMany() {
        var inFlight = InFlight(limit: 8, limitPerWebhook: 4)
        let webhooks = (0...InFlight.maxFailing).map { WebhookID(at: now + .seconds($0)) }
        for (index, webhook) in webhooks.enumerated() {
            inFlight.record(webhook, failed: true, at: .milliseconds(index))
        }
        #expect(inFlight.roomByWebhook.count == InFlight.maxFailing)
        #expect(inFlight.roomByWebhook[webhooks[0]] == nil && inFlight.roomByWebhook[webhooks[1]] == 1)
        #expect(inFlight.roomByWebhook[webhooks[InFlight.maxFailing]] == 1)
        inFlight.forget(webhooks[1])
        #expect(inFlight.roomByWebhook[webhooks[1]] == nil)
        inFlight.record(webhooks[2], failed: true, at: .seconds(500))
        inFlight.forgetOld(at: .seconds(700))
        #expect(inFlight.roomByWebhook == [webhooks[2]: 1])
    }
}
