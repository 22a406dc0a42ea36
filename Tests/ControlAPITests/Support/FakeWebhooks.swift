import Domain
import Synchronization

/// The registry of webhooks in memory.
final class FakeWebhooks: WebhookRegistry {
    struct State {
        var webhooks: [WebhookID: Webhook] = [:]
        var deliveries: [WebhookDelivery] = []
        var sessions: Set<SessionID> = []
        var failure: TurngateError?
        var secrets = 0
        var claims: [IdempotencyClaim?] = []
        var overlap: Duration?
        var deliveryQuery: DeliveryQuery?
    }

    private let state = Mutex(State())

    func configure(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func read<Value: Sendable>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }

    private func perform<Value: Sendable>(
        _ body: (inout State) throws(TurngateError) -> Value
    ) throws(TurngateError) -> Value {
        let result: Result<Value, TurngateError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            do throws(TurngateError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func find(_ id: WebhookID, _ state: State) throws(TurngateError) -> Webhook {
        guard let webhook = state.webhooks[id] else { throw .notFound(.webhook) }
        return webhook
    }

    /// A new secret each time, of 24 bytes.
    static func secret(_ number: Int) -> String {
        let digits = String(number)
        return "whsec_" + String(repeating: "A", count: 32 - digits.count) + digits
    }

    func create(
        _ spec: WebhookSpec, session: SessionID?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret {
        try perform { state throws(TurngateError) in
            if let session, !state.sessions.contains(session) { throw .notFound(.session) }
            state.claims.append(claim)
            state.secrets += 1
            let time = FakeSessions.start + .milliseconds(Int64(state.secrets))
            let webhook = Webhook(id: WebhookID(at: time), spec: spec, sessionID: session, createdAt: time)
            state.webhooks[webhook.id] = webhook
            return WebhookWithSecret(webhook: webhook, secret: Self.secret(state.secrets))
        }
    }

    func webhooks(_ query: WebhookQuery) async throws(TurngateError) -> WebhookPage {
        try perform { state in
            let all = state.webhooks.values.sorted { $0.id > $1.id }.filter { webhook in
                (query.session == nil || webhook.sessionID == query.session)
                    && (query.before.map { webhook.id < $0 } ?? true)
            }
            let page = Array(all.prefix(query.limit))
            return WebhookPage(webhooks: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }

    func webhook(_ id: WebhookID) async throws(TurngateError) -> Webhook {
        try perform { state throws(TurngateError) in try Self.find(id, state) }
    }

    func update(_ id: WebhookID, with patch: WebhookPatch) async throws(TurngateError) -> Webhook {
        try perform { state throws(TurngateError) in
            var webhook = try Self.find(id, state)
            webhook.spec.url = patch.url ?? webhook.spec.url
            webhook.spec.events = patch.events ?? webhook.spec.events
            webhook.spec.description = patch.description ?? webhook.spec.description
            if let enabled = patch.enabled {
                webhook.disabled = enabled ? nil : .init(at: FakeSessions.start, reason: .api)
            }
            state.webhooks[id] = webhook
            return webhook
        }
    }

    func delete(_ id: WebhookID) async throws(TurngateError) {
        try perform { state throws(TurngateError) in
            if state.webhooks.removeValue(forKey: id) == nil { throw .notFound(.webhook) }
        }
    }

    func rotateSecret(
        _ id: WebhookID, overlap: Duration?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret {
        try perform { state throws(TurngateError) in
            var webhook = try Self.find(id, state)
            state.overlap = overlap
            state.secrets += 1
            if let overlap { webhook.previousSecretExpiresAt = FakeSessions.start + overlap }
            state.claims.append(claim)
            state.webhooks[id] = webhook
            return WebhookWithSecret(webhook: webhook, secret: Self.secret(state.secrets))
        }
    }

    func test(_ id: WebhookID) async throws(TurngateError) -> WebhookDelivery {
        try perform { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let delivery = Self.delivery(id, number: state.deliveries.count)
            state.deliveries.append(delivery)
            return delivery
        }
    }

    /// A test that was answered with 503.
    static func delivery(
        _ id: WebhookID, number: Int, status: WebhookDelivery.Status = .failed, event: EventID? = nil
    ) -> WebhookDelivery {
        let time = FakeSessions.start + .milliseconds(Int64(number))
        return WebhookDelivery(
            id: DeliveryID(at: time), webhook: id, event: event,
            eventType: event == nil ? "webhook.test" : "turn.started",
            sessionID: nil, status: status, attempts: 1, createdAt: time, nextAttemptAt: nil, lastAttemptAt: time,
            lastStatus: 503, lastError: "The receiver answered 503.", lastDuration: .microseconds(2500))
    }

    func deliveries(_ id: WebhookID, _ query: DeliveryQuery) async throws(TurngateError) -> DeliveryPage {
        try perform { state throws(TurngateError) in
            _ = try Self.find(id, state)
            state.deliveryQuery = query
            let all = state.deliveries.sorted { $0.id > $1.id }.filter { delivery in
                delivery.webhook == id && (query.statuses.isEmpty || query.statuses.contains(delivery.status))
                    && (query.before.map { delivery.id < $0 } ?? true)
            }
            let page = Array(all.prefix(query.limit))
            return DeliveryPage(deliveries: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }
}
