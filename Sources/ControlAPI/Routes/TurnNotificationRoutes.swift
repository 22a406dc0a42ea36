import Domain
import HTTPServer

/// `/v1/sessions/{session}/turn-notifications`
struct TurnNotificationRoutes: Sendable {
    let sessions: any SessionControl

    private static let collection = "/v1/sessions/{session}/turn-notifications"

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.collection, notify),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{notification}", get),
        ]
    }

    private func notify(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .optional)
        let queryWait = input.query.wait()
        let bodyWait = input.body.integer("wait_ms", Limits.waitMs).map { Duration.milliseconds($0) }
        let notification = Self.read(&input.body)
        try input.finish()
        let wait = try await wait(queryWait ?? bodyWait, id, notification)
        let receipt = try await sessions.notify(id, notification, wait: wait)
        let location = "/v1/sessions/\(id)/turn-notifications/\(receipt.id)"
        return .json(receipt.json, status: receipt.completedAt == nil ? 202 : 201, headers: ["Location": location])
    }

    private static func read(_ body: inout ObjectReader) -> NotificationRequest {
        NotificationRequest(
            method: body.string("method", Limits.calledMethod), payload: body.string("payload", Limits.payload),
            destinations: RPCDestinations(&body) ?? .all,
            responseTimeout: body.integer("response_timeout_ms", Limits.responseTimeoutMs).map { .milliseconds($0) })
    }

    /// As asked for, or long enough for every recipient's deadline to pass.
    private func wait(
        _ wanted: Duration?, _ id: SessionID, _ notification: NotificationRequest
    ) async throws(TurngateError) -> Duration {
        if let wanted { return wanted }
        if let timeout = notification.responseTimeout { return timeout + Limits.waitBeyondTimeout }
        let policy = try await sessions.session(id).spec.turnPolicy
        return .milliseconds(policy.notification.responseTimeoutMs) + Limits.waitBeyondTimeout
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        let query = NotificationQuery(before: input.query.cursor(Cursor.notification), limit: input.query.limit())
        try input.finish()
        let page = try await sessions.notifications(id, query)
        let next = page.next.map { Cursor.text(of: $0) }
        return .json(JSONWriter.page(of: page.receipts, next: next) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let notification = try request.notificationID()
        try request.expectNothing()
        return .json(try await sessions.notification(id, notification).json)
    }
}
