import Domain
import Foundation
import Postgres

extension PostgresWebhookOutbox {
    /// Each step is a statement of its own, so that no lock is held for long and
    /// one that fails leaves the others' work done.
    public func tidy(_ ages: OutboxAges) async throws(TurngateError) -> Bool {
        let limit = [PostgresValue.int(tidyRows)]
        _ = try await database.query(OutboxTidying.expire, [.int64(ages.disabled.microseconds)])
        var isMore = false
        for statement in [
            OutboxTidying.discardDeliveries, OutboxTidying.emptyLanes, OutboxTidying.deleteDeliveries,
            OutboxTidying.deleteLanes,
        ] {
            let touched = try await database.query(statement, limit).affectedRows
            if touched >= tidyRows { isMore = true }
        }
        _ = try await database.query(OutboxTidying.discarded)
        _ = try await database.query(OutboxTidying.deleteWebhooks, [.int64(ages.deleted.microseconds)])
        for (status, age) in [
            (WebhookDelivery.Status.delivered, ages.delivered), (.failed, ages.undelivered),
            (.discarded, ages.undelivered),
        ] {
            if try await purge(status, olderThan: age) >= tidyRows { isMore = true }
        }
        return isMore
    }

    /// Removes old lines, and the lanes that nothing is left in.
    private func purge(
        _ status: WebhookDelivery.Status, olderThan age: Duration
    ) async throws(TurngateError) -> Int {
        let values: [PostgresValue] = [.int(tidyRows), .text(status.rawValue), .int64(age.microseconds)]
        let lanes = try await database.rows(OutboxTidying.purge, values) { (row) throws(PostgresError) in
            LanePlace(webhook: try row.get("webhook_id"), session: try row.optional("session_id", as: UUID.self))
        }
        let emptied = Set(lanes).filter { $0.session != nil }
        if !emptied.isEmpty {
            _ = try await database.query(
                OutboxTidying.purgeLanes, [.uuidArray(emptied.map(\.webhook)), .uuidArray(emptied.map(\.session))])
        }
        return lanes.count
    }
}

/// Which lane a line of the log belonged to; a test to none.
private struct LanePlace: Hashable {
    let webhook: UUID
    let session: UUID?
}
