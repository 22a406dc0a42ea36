/// Whom to tell of events, as the API's callers set it. Throws
/// `notFound(.webhook)` for one that is not there.
public protocol WebhookRegistry: Sendable {
    /// Makes a webhook, with a secret of its own; bound to `claim` in the same
    /// transaction where there is one. Throws `notFound(.session)`, and
    /// `conflict(.tooManyWebhooks)`.
    func create(
        _ spec: WebhookSpec, session: SessionID?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret
    /// Newest first.
    func webhooks(_ query: WebhookQuery) async throws(TurngateError) -> WebhookPage
    func webhook(_ id: WebhookID) async throws(TurngateError) -> Webhook
    func update(_ id: WebhookID, with patch: WebhookPatch) async throws(TurngateError) -> Webhook
    /// What waits to be delivered is discarded.
    func delete(_ id: WebhookID) async throws(TurngateError)
    /// Makes a new secret, bound to `claim` in the same transaction where there
    /// is one. The old one signs beside it for `overlap`; nil: the new one takes
    /// the place of one that nobody has seen, and what signs beside stays.
    func rotateSecret(
        _ id: WebhookID, overlap: Duration?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret
    /// Sends a test now, once, beside what waits; returns its line of the log.
    func test(_ id: WebhookID) async throws(TurngateError) -> WebhookDelivery
    /// Newest first.
    func deliveries(_ id: WebhookID, _ query: DeliveryQuery) async throws(TurngateError) -> DeliveryPage
}

extension WebhookRegistry {
    /// The same without a claim.
    public func rotateSecret(
        _ id: WebhookID, overlap: Duration
    ) async throws(TurngateError) -> WebhookWithSecret {
        try await rotateSecret(id, overlap: overlap, claim: nil)
    }
}
