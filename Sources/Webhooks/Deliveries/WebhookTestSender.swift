import Domain
import Foundation
import Logging
import OutboundHTTP

/// `WebhookTester`: sends a made-up event, signed like all others, past the
/// lanes. Whatever comes back changes nothing but the log.
public struct WebhookTestSender: WebhookTester {
    private let outbox: any WebhookOutbox
    private let sender: WebhookSender
    private let clock: any TurngateClock

    /// Sends through `client`; a receiver may take `timeout`.
    public init(
        outbox: any WebhookOutbox, client: OutboundHTTPClient, clock: any TurngateClock,
        timeout: Duration = .seconds(15)
    ) {
        self.outbox = outbox
        self.clock = clock
        sender = WebhookSender(client: client, clock: clock, timeout: timeout)
    }

    /// `delivered`, or `failed` with the reason in `lastError`. The receiver sees
    /// the delivery's own id as `webhook-id`.
    public func test(_ webhook: WebhookID) async throws(TurngateError) -> WebhookDelivery {
        let target = try await outbox.target(webhook)
        let now = clock.now
        let id = DeliveryID(at: now)
        let trace = TraceContext.current
        let answer = await sender.send(Self.body(id, webhook, now, trace), id: "\(id)", trace: trace, to: target)
        var isAccepted = false
        if case .accepted = answer.verdict { isAccepted = true }
        let delivery = WebhookDelivery(
            id: id, webhook: webhook, event: nil, eventType: "webhook.test", sessionID: nil,
            status: isAccepted ? .delivered : .failed, attempts: 1, createdAt: now, nextAttemptAt: nil,
            lastAttemptAt: answer.at, lastStatus: answer.verdict.status, lastError: answer.verdict.problem,
            lastDuration: answer.duration)
        try await outbox.record(delivery)
        return delivery
    }

    /// An envelope like all others, of no session. Nothing in it needs escaping.
    private static func body(
        _ id: DeliveryID, _ webhook: WebhookID, _ now: Timestamp, _ trace: TraceContext?
    ) -> [UInt8] {
        let traceID = trace.map { "\"\($0.traceID)\"" } ?? "null"
        let text = """
            {"id":"\(id)","type":"webhook.test","session_id":null,"room":null,"seq":null,"at":"\(now)",\
            "trace_id":\(traceID),"data":{"webhook_id":"\(webhook)"}}
            """
        return Array(text.utf8)
    }
}
