import Domain
import Foundation
import Postgres

/// `WebhookOutbox` in PostgreSQL: the tables `webhook_lanes` and
/// `webhook_deliveries`, which a trigger on `events` fills.
public struct PostgresWebhookOutbox: WebhookOutbox {
    let database: Database
    let tidyRows: Int

    /// The longest sentence about an attempt that is kept, in bytes.
    private static let errorBytes = 1024

    /// Sorts before all ids.
    private static let first = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// Reads and writes through `pool`; one call of `tidy` touches `tidyRows` rows
    /// of each kind at most.
    public init(pool: PostgresPool, tidyRows: Int = 1000) {
        database = Database(pool: pool)
        self.tidyRows = tidyRows
    }

    /// One statement.
    public func claim(_ wish: LaneWish) async throws(TurngateError) -> [WebhookLane] {
        let lease = UUID()
        let known = wish.room.sorted { $0.key < $1.key }
        let values: [PostgresValue] = [
            .time(wish.now), .int64(wish.lease.microseconds), .uuid(lease), .uuidArray(known.map(\.key.uuid)),
            .int64Array(known.map { Int64($0.value) }), .int(wish.roomOfOthers),
            .uuid(wish.after?.uuid ?? Self.first), .int(wish.limit),
        ]
        let lanes = try await database.rows(OutboxStatements.claim, values) { (row) throws(PostgresError) in
            WebhookLane(webhook: try row.id("webhook_id"), session: try row.id("session_id"), lease: lease)
        }
        return lanes.sorted { ($0.webhook, $0.session) < ($1.webhook, $1.session) }
    }

    /// One statement.
    public func batch(of lane: WebhookLane, limit: Int, bytes: Int) async throws(TurngateError) -> LaneBatch? {
        let values = Self.key(lane) + [.int(limit), .int(bytes)]
        let rows = try await database.query(OutboxStatements.batch, values)
        do {
            return try LaneBatch(of: lane.webhook, rows: rows)
        } catch {
            throw TurngateError(error)
        }
    }

    /// One statement.
    public func settle(
        _ lane: WebhookLane, _ attempt: WebhookAttempt, lease: Duration
    ) async throws(TurngateError) -> LaneStanding {
        let (status, due) = Self.words(for: attempt.outcome)
        let values: [PostgresValue] = [
            .int64(attempt.position), .text(status.rawValue), .time(due), .time(attempt.at),
            .int64(attempt.status.map(Int64.init)), .text(attempt.error?.storable(bytes: Self.errorBytes)),
            .int64(attempt.duration.microseconds), .int64(lease.microseconds),
        ]
        let revisions = try await database.rows(OutboxStatements.settle, Self.key(lane) + values) {
            (row) throws(PostgresError) in try row.get("revision", as: Int64.self)
        }
        return revisions.first.map { .held(revision: $0) } ?? .lost
    }

    /// One statement.
    public func release(_ lane: WebhookLane, due: Timestamp?, through: Int64?) async throws(TurngateError) {
        _ = try await database.query(OutboxStatements.release, Self.key(lane) + [.time(due), .int64(through)])
    }

    /// Bounded however much waits: `tidy` goes through it.
    public func disableGone(_ webhook: WebhookID, url: String) async throws(TurngateError) -> Bool {
        try await database.query(OutboxStatements.gone, [.id(webhook), .text(url)]).affectedRows == 1
    }

    /// Also of a webhook that is disabled.
    public func target(_ webhook: WebhookID) async throws(TurngateError) -> WebhookTarget {
        let found = try await database.rows(OutboxStatements.target, [.id(webhook)]) { (row) throws(PostgresError) in
            try WebhookTarget(of: webhook, row: row)
        }
        guard let target = found.first else { throw .notFound(.webhook) }
        return target
    }

    /// Does nothing when the webhook is gone by now.
    public func record(_ test: WebhookDelivery) async throws(TurngateError) {
        _ = try await database.query(
            OutboxStatements.record,
            [
                .id(test.id), .id(test.webhook), .text(test.eventType), .text(test.status.rawValue),
                .int(test.attempts), .time(test.createdAt), .time(test.lastAttemptAt),
                .int64(test.lastStatus.map(Int64.init)), .text(test.lastError?.storable(bytes: Self.errorBytes)),
                .int64(test.lastDuration?.microseconds),
            ])
    }

    /// By an index.
    public func backlog() async throws(TurngateError) -> Int {
        try await database.rows(OutboxStatements.backlog, []) { (row) throws(PostgresError) in
            try row.get("count", as: Int.self)
        }.first ?? 0
    }

    private static func key(_ lane: WebhookLane) -> [PostgresValue] {
        [.id(lane.webhook), .id(lane.session), .uuid(lane.lease)]
    }

    private static func words(for outcome: WebhookAttempt.Outcome) -> (WebhookDelivery.Status, Timestamp?) {
        switch outcome {
        case .delivered: (.delivered, nil)
        case .failed: (.failed, nil)
        case .again(let due): (.pending, due)
        }
    }
}
