import Domain
import Foundation
import Postgres

extension Webhook {
    /// A row of `WebhookStatements`; types of events that this program does not
    /// know, written by a newer one, are left out.
    init(row: PostgresRow) throws(PostgresError) {
        let words = try row.get("events", as: PostgresArray<String>.self).elements
        let spec = WebhookSpec(
            url: try row.get("url"), events: words.compactMap { $0.flatMap(EventType.init(rawValue:)) },
            description: try row.optional("description", as: String.self))
        var disabled: Disabled?
        if let at = try row.optionalTimestamp("disabled_at") {
            disabled = Disabled(at: at, reason: try row.word("disabled_reason"))
        }
        self.init(
            id: try row.id("id"), spec: spec,
            sessionID: try row.optional("session_id", as: UUID.self).map { SessionID(uuid: $0) },
            createdAt: try row.timestamp("created_at"), disabled: disabled,
            previousSecretExpiresAt: try row.optionalTimestamp("previous_secret_expires_at"))
    }
}

extension WebhookDelivery {
    /// A row of `WebhookStatements.deliveries`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.id("id"), webhook: try row.id("webhook_id"),
            event: try row.optional("event_id", as: UUID.self).map { EventID(uuid: $0) },
            eventType: try row.get("event_type"),
            sessionID: try row.optional("session_id", as: UUID.self).map { SessionID(uuid: $0) },
            status: try row.word("status"), attempts: try row.get("attempts"),
            createdAt: try row.timestamp("created_at"), nextAttemptAt: try row.optionalTimestamp("next_attempt_at"),
            lastAttemptAt: try row.optionalTimestamp("last_attempt_at"),
            lastStatus: try row.optional("last_status", as: Int.self),
            lastError: try row.optional("last_error", as: String.self),
            lastDuration: try row.optional("last_duration_us", as: Int64.self).map { .microseconds($0) })
    }
}
