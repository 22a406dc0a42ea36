/// The API keys of this process. It holds digests of the secrets, not the
/// secrets, so neither a dump of it nor a log line can give one away.
public struct APIKeyRing: Sendable {
    /// The most keys that a ring holds: each call is compared with all of them.
    public static let maximumKeys = 256

    struct Entry: Sendable {
        let key: APIKey
        let digest: [UInt8]
    }

    let entries: [Entry]
    private let keysByDigest: [[UInt8]: APIKey]

    /// Reads `TURNGATE_API_KEYS` (`name=scope:secret`, commas between) and the
    /// text of `TURNGATE_API_KEYS_FILE` (one of those a line; empty lines and
    /// lines that start with `#` are skipped). A secret in the variable cannot
    /// hold a comma, one in the file can. Nil and blank texts hold no keys.
    ///
    /// Throws all mistakes of both at once.
    public init(environment: String?, file: String? = nil) throws(APIKeyRingError) {
        var parser = APIKeyParser()
        parser.read(environment: environment ?? "")
        parser.read(file: file ?? "")
        guard parser.mistakes.isEmpty else { throw APIKeyRingError(mistakes: parser.mistakes) }
        entries = parser.entries
        // The parser has refused duplicates.
        keysByDigest = Dictionary(uniqueKeysWithValues: entries.map { ($0.digest, $0.key) })
    }

    /// Whether there is no key, so that nobody can be let in by one.
    public var isEmpty: Bool { entries.isEmpty }

    /// Names and scopes, in the order of the configuration.
    public var keys: [APIKey] { entries.map(\.key) }

    /// The ring as `check-config` shows it: `name=scope:****`, commas between.
    public var masked: String {
        keys.map { "\($0.name)=\($0.scope.rawValue):\(SecretMask.placeholder)" }.joined(separator: ",")
    }

    /// By what a key is known whose secret is not kept.
    public static func digest(of secret: String) -> [UInt8] { SHA256.hash(secret) }

    /// The key whose secret has this digest, or nil. Not for what a caller
    /// presents: the time it takes is no secret.
    public func key(digest: [UInt8]) -> APIKey? { keysByDigest[digest] }

    /// The key whose secret was presented, or nil.
    ///
    /// Digests are compared, and always all of them, so the time tells neither
    /// how much of a guess was right, nor how long the secrets are, nor which key
    /// it was.
    public func authenticate(_ presentedSecret: String) -> APIKey? {
        authenticate(presentedDigest: Self.digest(of: presentedSecret))
    }

    /// The same for the digest of what was presented.
    public func authenticate(presentedDigest presented: [UInt8]) -> APIKey? {
        var found: Int?
        for (index, entry) in entries.enumerated() where constantTimeEqual(entry.digest, presented) {
            found = index
        }
        return found.map { entries[$0].key }
    }
}
