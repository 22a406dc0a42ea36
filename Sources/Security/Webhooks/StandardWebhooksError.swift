/// Why a webhook was not signed, or its signature not believed.
public enum StandardWebhooksError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The id is empty, longer than 256 bytes, or holds a full stop or anything
    /// that is not printable ASCII.
    case badID
    /// The timestamp is not Unix time in whole seconds, in digits.
    case badTimestamp
    /// There is no secret, or there are more than `StandardWebhooks.maximumSecrets`.
    case badSecretCount(Int)
    /// The message is older than the tolerance.
    case tooOld
    /// The message is further in the future than the tolerance.
    case tooNew
    /// The signature's field is longer than any honest one.
    case oversizeSignature
    /// No signature is that of this message under any of the secrets.
    case badSignature

    /// One phrase for a log line.
    public var description: String {
        switch self {
        case .badID: "webhook-id must be 1 to 256 printable ASCII characters without a full stop"
        case .badTimestamp: "webhook-timestamp must be Unix time in whole seconds"
        case .badSecretCount(let count):
            "\(count) secrets to sign with; 1 to \(StandardWebhooks.maximumSecrets) are needed"
        case .tooOld: "the webhook's timestamp is too old"
        case .tooNew: "the webhook's timestamp is in the future"
        case .oversizeSignature: "webhook-signature is too long"
        case .badSignature: "no signature of the webhook matches"
        }
    }
}
