import Domain

/// A handler of the users' own, as the column `handler` has it.
struct StoredHandler: Codable, Sendable {
    /// Only of webhooks; likewise headers and secret.
    let url: String?
    let timeout: Int64
    let headers: [String: String]?
    let secret: String?
    let envelope: RPCEnvelope

    private enum CodingKeys: String, CodingKey {
        case url, headers, secret, envelope
        case timeout = "timeout_ms"
    }

    init(_ handler: WebhookHandler) {
        url = handler.url
        timeout = handler.timeout.microseconds / 1000
        headers = handler.headers
        secret = handler.secret
        envelope = handler.envelope
    }

    init(_ handler: QueueHandler) {
        (url, headers, secret) = (nil, nil, nil)
        timeout = handler.timeout.microseconds / 1000
        envelope = handler.envelope
    }

    /// Nil without a URL, which a CHECK of the table does not let happen.
    var webhook: WebhookHandler? {
        url.map {
            WebhookHandler(
                url: $0, timeout: .milliseconds(timeout), headers: headers ?? [:], secret: secret, envelope: envelope)
        }
    }

    var queue: QueueHandler { QueueHandler(timeout: .milliseconds(timeout), envelope: envelope) }
}
