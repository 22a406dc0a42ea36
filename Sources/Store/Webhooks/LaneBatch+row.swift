import Domain
import Postgres

extension LaneBatch {
    /// The rows of `OutboxStatements.batch`; nil when there are none.
    init?(of webhook: WebhookID, rows: PostgresResult) throws(PostgresError) {
        guard let first = rows.first else { return nil }
        var deliveries: [QueuedDelivery] = []
        for row in rows {
            guard let position = try row.optional("position", as: Int64.self) else { break }
            deliveries.append(try QueuedDelivery(at: position, row: row))
        }
        self.init(
            target: try WebhookTarget(of: webhook, row: first), deliveries: deliveries,
            lastPosition: try first.get("last_position"), failingSince: try first.optionalTimestamp("failing_since"))
    }
}

extension WebhookTarget {
    init(of webhook: WebhookID, row: PostgresRow) throws(PostgresError) {
        let previous = try row.optional("previous_secret", as: String.self)
        self.init(
            id: webhook, url: try row.get("url"),
            secrets: [try row.get("secret", as: String.self)] + (previous.map { [$0] } ?? []),
            revision: try row.get("revision"))
    }
}

extension QueuedDelivery {
    fileprivate init(at position: Int64, row: PostgresRow) throws(PostgresError) {
        self.init(
            position: position, event: try row.id("event_id"),
            eventType: EventType(rawValue: try row.get("event_type")), attempts: try row.get("attempts"),
            createdAt: try row.timestamp("created_at"), body: try row.bytes("body"),
            trace: try row.optional("traceparent", as: String.self).flatMap { TraceContext($0) })
    }
}
