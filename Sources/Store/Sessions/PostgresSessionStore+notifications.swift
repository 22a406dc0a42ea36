import Domain
import Postgres

extension PostgresSessionStore {
    /// Each with its recipients in their order; one statement for the whole page.
    public func notifications(
        _ id: SessionID, _ query: NotificationQuery
    ) async throws(TurngateError) -> NotificationPage {
        var values: [PostgresValue] = [.id(id), .int(query.limit + 1)]
        if let before = query.before { values.append(.id(before)) }
        let found = try await database.rows(
            query.before == nil ? NotificationStatements.newest : NotificationStatements.before, values,
            NotificationReceipt.init(row:))
        let page = Array(found.prefix(query.limit))
        return NotificationPage(receipts: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// Nil also when the receipt is another session's.
    public func notification(
        _ id: SessionID, _ notification: NotificationID
    ) async throws(TurngateError) -> NotificationReceipt? {
        try await database.rows(
            NotificationStatements.one, [.id(id), .id(notification)], NotificationReceipt.init(row:)
        ).first
    }
}
