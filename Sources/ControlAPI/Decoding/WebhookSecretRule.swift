import Foundation

/// A secret as Standard Webhooks writes it: `whsec_` and the base64 of 24 to 64
/// bytes, with its padding or without. Its problems never show it.
struct WebhookSecretRule: TextChecking {
    private static let prefix = "whsec_"
    private static let bytes = 24...64

    func problem(with text: String) -> String? {
        guard text.hasPrefix(Self.prefix), let secret = Self.decoded(text.dropFirst(Self.prefix.count)),
            Self.bytes.contains(secret.count)
        else { return "must be whsec_ and the base64 of \(Self.bytes.lowerBound) to \(Self.bytes.upperBound) bytes" }
        return nil
    }

    private static func decoded(_ text: Substring) -> Data? {
        let bare = text.hasSuffix("==") ? text.dropLast(2) : text.hasSuffix("=") ? text.dropLast() : text
        guard bare.utf8.count <= 88, !bare.utf8.contains(UInt8(ascii: "=")) else { return nil }
        let padded = bare + String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4)
        guard bare.count == text.count || padded == text else { return nil }
        // Bits that no byte has would be read differently by others.
        return Data(base64Encoded: String(padded)).flatMap { $0.base64EncodedString() == padded ? $0 : nil }
    }
}
