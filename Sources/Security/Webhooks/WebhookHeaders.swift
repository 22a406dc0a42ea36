/// The three header fields that a signed webhook carries.
public struct WebhookHeaders: Equatable, Sendable {
    /// The field's name for `id`.
    public static let idName = "webhook-id"
    /// The field's name for `timestamp`.
    public static let timestampName = "webhook-timestamp"
    /// The field's name for `signature`.
    public static let signatureName = "webhook-signature"

    /// Names the message; the same at every attempt to deliver it.
    public let id: String
    /// When the attempt was made: Unix time in whole seconds, in digits.
    public let timestamp: String
    /// Signatures with a space between: `v1,` and base64 each.
    public let signature: String

    /// These values, as they were received; `StandardWebhooks.verify` judges them.
    public init(id: String, timestamp: String, signature: String) {
        self.id = id
        self.timestamp = timestamp
        self.signature = signature
    }

    /// Names and values, ready to be sent.
    public var fields: [(name: String, value: String)] {
        [(Self.idName, id), (Self.timestampName, timestamp), (Self.signatureName, signature)]
    }
}
