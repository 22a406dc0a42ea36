import Domain
import Foundation
import OutboundHTTP
import Security

/// The header fields of a signed message as Standard Webhooks has them.
enum SignedMessage {
    /// The fields' names, which nobody else may set.
    static let names: Set<String> = ["webhook-id", "webhook-timestamp", "webhook-signature"]

    /// Throws what is wrong with the secrets or the id, without the secrets.
    static func headers(
        id: String, at time: Timestamp, body: [UInt8], secrets: [WebhookSecret]
    ) throws(StandardWebhooksError) -> [OutboundHeader] {
        let date = Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000)
        return try StandardWebhooks.sign(id: id, timestamp: date, body: body, secrets: secrets).fields
            .map { OutboundHeader($0.name, $0.value) }
    }
}
