import Domain

/// Stands behind the ports that no hot path asks anything of.
struct Absent: HandlerBackend, WebhookTester, OutboundURLRule, ParticipantTokenIssuer {
    func call(
        _ handler: WebhookHandler, with invocation: PendingInvocation, timeout: Duration
    ) async throws(HandlerFailure) -> HandlerAnswer {
        throw .unreachable("no handlers here")
    }

    func test(_ webhook: WebhookID) async throws(TurngateError) -> WebhookDelivery { throw .notFound(.webhook) }

    func problem(with url: String) -> String? { "leads nowhere" }

    func issue(_ request: ParticipantTokenRequest, now: Timestamp) throws(TurngateError) -> ParticipantToken {
        throw .internalFailure("no tokens here")
    }
}
