import Foundation

/// Makes configuration fit to be shown: what is secret in it becomes `****`, of
/// one length whatever the secret's. In doubt it hides too much.
public enum SecretMask {
    /// What stands in a secret's place.
    public static let placeholder = "****"

    /// Hides the passwords in a URI (`scheme://user:password@host/…`, and
    /// parameters such as `password=`) or in libpq's `key=value` form. Other text,
    /// an address for example, comes back as it is: for a value that is a secret
    /// as a whole use `placeholder`.
    public static func mask(_ text: String) -> String {
        text.contains("://") ? URIMask.mask(text) : KeyValueMask.mask(text)
    }

    /// Hides the secrets of `TURNGATE_API_KEYS`: `name=scope:****`. An entry of
    /// another shape is hidden as a whole.
    public static func maskAPIKeys(_ text: String) -> String {
        guard !text.allSatisfy(\.isWhitespace) else { return "" }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { entry in
            (try? APIKeyRing(environment: String(entry)))?.masked ?? placeholder
        }.joined(separator: ",")
    }

    /// Whether a parameter of this name holds a secret.
    static func isSecret(parameter name: String) -> Bool {
        let name = name.lowercased()
        let endings = [
            "password", "passwd", "pwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key", "signature",
        ]
        return endings.contains { name.hasSuffix($0) }
    }
}
