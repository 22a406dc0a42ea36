import Domain

// i4: the lead's composition replaces both by OutboundHTTP with Security, and by the store's registry.
struct NoOutboundRule: OutboundURLRule {
    func problem(with url: String) -> String? { nil }
}

struct NoWebhooks: WebhookRegistry {
    func create(
        _ spec: WebhookSpec, session: SessionID?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret { throw .notFound(.webhook) }
    func webhooks(_ query: WebhookQuery) async throws(TurngateError) -> WebhookPage {
        WebhookPage(webhooks: [], next: nil)
    }
    func webhook(_ id: WebhookID) async throws(TurngateError) -> Webhook { throw .notFound(.webhook) }
    func update(_ id: WebhookID, with patch: WebhookPatch) async throws(TurngateError) -> Webhook {
        throw .notFound(.webhook)
    }
    func delete(_ id: WebhookID) async throws(TurngateError) { throw .notFound(.webhook) }
    func rotateSecret(_ id: WebhookID, overlap: Duration) async throws(TurngateError) -> WebhookWithSecret {
        throw .notFound(.webhook)
    }
    func test(_ id: WebhookID) async throws(TurngateError) -> WebhookDelivery { throw .notFound(.webhook) }
    func deliveries(_ id: WebhookID, _ query: DeliveryQuery) async throws(TurngateError) -> DeliveryPage {
        throw .notFound(.webhook)
    }
}
