import Domain
import Foundation
import Logging
import Postgres
import Store
import TestSupport
import Testing

/// A migrated database of a test's own with webhooks in it.
struct OutboxFixture {
    let pool: PostgresPool
    let outbox: PostgresWebhookOutbox
    let webhooks: PostgresWebhookRegistry
    let events: EventRows
    /// Ahead of the database's clock, so that this one says what is due.
    let clock = ManualClock(epoch: SystemClock().now + .seconds(86_400))

    init(tidyRows: Int = 1000, hurryLanes: Int = 200) async throws {
        let url = try await TemporaryPostgres.migratedDatabase()
        pool = try PostgresPool(StoreFixture.configuration(url), logger: Logger(label: "test"))
        outbox = PostgresWebhookOutbox(pool: pool, tidyRows: tidyRows)
        webhooks = PostgresWebhookRegistry(
            pool: pool, clock: SystemClock(), makeSecret: { "whsec_\(UUID().uuidString)" }, tester: NoTester(),
            hurryLanes: hurryLanes)
        events = EventRows(pool: pool)
    }

    private struct NoTester: WebhookTester {
        func test(_ webhook: WebhookID) async throws(TurngateError) -> WebhookDelivery { throw .shuttingDown }
    }

    func make(
        events: [EventType] = [], session: SessionID? = nil, url: String = "https://example.com/hook"
    ) async throws -> WebhookID {
        try await webhooks.create(WebhookSpec(url: url, events: events), session: session, claim: nil).webhook.id
    }

    /// Leases lanes, as a process would that has nothing under way.
    func claim(
        lease: Duration = .seconds(600), limit: Int = 256, room: [WebhookID: Int] = [:], each: Int = 4,
        after: WebhookID? = nil
    ) async throws -> [WebhookLane] {
        try await outbox.claim(
            LaneWish(now: clock.now, lease: lease, limit: limit, room: room, roomOfOthers: each, after: after))
    }

    func waiting(in lane: WebhookLane, limit: Int = 100, bytes: Int = 1 << 20) async throws -> [QueuedDelivery] {
        try #require(await outbox.batch(of: lane, limit: limit, bytes: bytes)).deliveries
    }

    @discardableResult
    func settle(
        _ lane: WebhookLane, _ delivery: QueuedDelivery, _ outcome: WebhookAttempt.Outcome = .delivered,
        lease: Duration = .seconds(600)
    ) async throws -> LaneStanding {
        let isWell = outcome == .delivered
        return try await outbox.settle(
            lane,
            WebhookAttempt(
                position: delivery.position, at: clock.now, duration: .milliseconds(12), status: isWell ? 204 : 500,
                error: isWell ? nil : "the receiver answered 500", outcome: outcome), lease: lease)
    }

    private static let noLease = UUID()

    /// Delivers all that is due, until nothing is; in the order of each lane.
    func drain() async throws -> [WebhookLane: [EventID]] {
        var delivered: [WebhookLane: [EventID]] = [:]
        while case let lanes = try await claim(), !lanes.isEmpty {
            for lane in lanes {
                var place = lane
                place.lease = Self.noLease
                for delivery in try await waiting(in: lane) {
                    delivered[place, default: []].append(delivery.event)
                    try await settle(lane, delivery)
                }
                try await outbox.release(lane, due: nil, through: nil)
            }
        }
        return delivered
    }

    func log(
        _ webhook: WebhookID, _ statuses: [WebhookDelivery.Status] = []
    ) async throws -> [WebhookDelivery] {
        try await webhooks.deliveries(webhook, DeliveryQuery(statuses: statuses, limit: 1000)).deliveries
    }

    /// Tidies up until there is no more to do.
    func tidy(_ ages: OutboxAges = OutboxAges()) async throws {
        while try await outbox.tidy(ages) {}
    }

    func number(_ sql: String) async throws -> Int {
        try #require(try await pool.query(.unnamed(sql), [], timeout: .seconds(60)).first).get(0)
    }
}
