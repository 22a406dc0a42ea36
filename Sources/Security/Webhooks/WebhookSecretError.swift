/// Why a text is not a webhook's secret. It never repeats the text.
public enum WebhookSecretError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It does not begin with `whsec_`.
    case missingPrefix
    /// What follows is not base64 with the alphabet of RFC 4648, section 4.
    case notBase64
    /// It has fewer than 24 or more than 64 bytes.
    case wrongLength(bytes: Int)

    /// One sentence for whoever configured it.
    public var description: String {
        switch self {
        case .missingPrefix: "a webhook secret begins with \(WebhookSecret.prefix)"
        case .notBase64: "what follows \(WebhookSecret.prefix) must be base64"
        case .wrongLength(let bytes):
            "a webhook secret has \(WebhookSecret.byteCounts.lowerBound) to "
                + "\(WebhookSecret.byteCounts.upperBound) bytes, not \(bytes)"
        }
    }
}
