import Foundation

/// The secret that a receiver shares with us: `whsec_` and the base64 of 24 to 64
/// bytes, as the Standard Webhooks specification (1.0.0) writes it.
///
/// No way of printing it shows it: only `text`, asked for by name, does.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What the text begins with.
    public static let prefix = "whsec_"
    /// How many bytes the specification lets a secret have.
    public static let byteCounts = 24...64
    /// How many bytes a secret has that we make.
    public static let madeByteCount = 32

    let key: [UInt8]

    private init(key: [UInt8]) {
        self.key = key
    }

    /// Makes a new secret of 32 random bytes. Throws where there are none to be had.
    public static func make() throws(CryptographyError) -> WebhookSecret {
        WebhookSecret(key: try SecureRandom.bytes(madeByteCount))
    }

    /// Reads `whsec_…`; the base64 may come without its padding, as some tools
    /// write it. Throws what is wrong, never repeating the text.
    public init(text: String) throws(WebhookSecretError) {
        guard text.hasPrefix(Self.prefix) else { throw .missingPrefix }
        guard text.utf8.count <= 128, let key = Self.decode(text.dropFirst(Self.prefix.count)) else {
            throw .notBase64
        }
        guard Self.byteCounts.contains(key.count) else { throw .wrongLength(bytes: key.count) }
        self.key = key
    }

    /// The secret itself, to be shown once and to be stored: `whsec_` and base64
    /// with padding.
    public var text: String { Self.prefix + Data(key).base64EncodedString() }

    /// `whsec_****`
    public var description: String { Self.prefix + SecretMask.placeholder }
    /// `whsec_****`
    public var debugDescription: String { description }
    /// Nothing: `dump` would print the key.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Padding may be there or not, but not wrong; our own decoder then sees to
    /// it that nothing else is let through.
    private static func decode(_ base64: Substring) -> [UInt8]? {
        let letters = base64.prefix { $0 != "=" }
        guard letters.count == base64.count || (base64.utf8.count.isMultiple(of: 4) && base64.count - letters.count < 3)
        else { return nil }
        guard base64.dropFirst(letters.count).allSatisfy({ $0 == "=" }), !letters.contains(where: { "-_".contains($0) })
        else { return nil }
        return Base64URL.decode(letters.replacing("+", with: "-").replacing("/", with: "_"))
    }
}

extension WebhookSecret: Equatable {
    /// Compares in constant time.
    public static func == (left: WebhookSecret, right: WebhookSecret) -> Bool {
        constantTimeEqual(left.key, right.key)
    }
}
