import Foundation

/// The claims of a LiveKit access token. Absent fields are left out of the JSON,
/// unknown ones are skipped when read.
public struct LiveKitAccessToken: Equatable, Sendable {
    /// `iss`: the API key; `mint` sets it.
    public var issuer: String?
    /// `sub`: the participant's identity.
    public var identity: String?
    /// `nbf`: whole seconds in the token; `mint` sets it.
    public var notBefore: Date?
    /// `exp`: whole seconds in the token; `mint` sets it.
    public var expiresAt: Date?
    /// `jti`: an id of the token itself.
    public var tokenID: String?
    /// The participant's display name.
    public var name: String?
    /// The participant's metadata, any text.
    public var metadata: String?
    /// The participant's attributes.
    public var attributes: [String: String]?
    /// What the participant is; absent means `standard`.
    public var kind: LiveKitParticipantKind?
    /// Base64 of the SHA-256 of a body that came with the token (webhooks).
    public var sha256: String?
    /// What the holder may do.
    public var video: LiveKitVideoGrants?

    /// Claims to be minted; issuer and times come with `mint`.
    public init(
        identity: String? = nil, name: String? = nil, metadata: String? = nil, attributes: [String: String]? = nil,
        kind: LiveKitParticipantKind? = nil, video: LiveKitVideoGrants? = nil, sha256: String? = nil,
        tokenID: String? = nil
    ) {
        self.identity = identity
        self.name = name
        self.metadata = metadata
        self.attributes = attributes
        self.kind = kind
        self.video = video
        self.sha256 = sha256
        self.tokenID = tokenID
    }

    /// The life of a token unless said otherwise: six hours, as LiveKit's own
    /// libraries have it.
    public static let defaultTimeToLive = Duration.seconds(6 * 3600)
    /// By how much our clock and the minter's may differ.
    public static let defaultLeeway = Duration.seconds(60)

    /// Signs the claims as `apiKey`, good from `now` for `timeToLive` (both cut to
    /// whole seconds).
    ///
    /// Throws `emptyAPIKey`, `joinWithoutRoom`, `joinWithoutIdentity`,
    /// `timeToLiveNotPositive`, or what `JSONWebToken.sign` throws.
    public func mint(
        apiKey: String, secret: String, now: Date, timeToLive: Duration = defaultTimeToLive
    ) throws(LiveKitAccessTokenError) -> String {
        guard !apiKey.isEmpty else { throw .emptyAPIKey }
        guard timeToLive >= .seconds(1) else { throw .timeToLiveNotPositive }
        if video?.roomJoin == true {
            guard !(video?.room ?? "").isEmpty else { throw .joinWithoutRoom }
            guard !(identity ?? "").isEmpty else { throw .joinWithoutIdentity }
        }
        var claims = self
        claims.issuer = apiKey
        claims.notBefore = now
        claims.expiresAt = now.addingTimeInterval(timeToLive / .seconds(1))
        do throws(JSONWebTokenError) {
            return try JSONWebToken.sign(claims, secret: Array(secret.utf8))
        } catch {
            throw .token(error)
        }
    }

    /// Checks `token` against the secret of the API key that it names, out of
    /// `keys` (API key to secret), and returns its claims.
    ///
    /// Throws `unknownAPIKey`, or what `JSONWebToken.verify` throws as `token`.
    public static func verify(
        _ token: String, keys: [String: String], now: Date, leeway: Duration = defaultLeeway
    ) throws(LiveKitAccessTokenError) -> LiveKitAccessToken {
        do throws(JSONWebTokenError) {
            let compact = try CompactToken(parsing: token)
            if let issuer = try compact.unverifiedIssuer(), let secret = keys[issuer] {
                return try compact.verified(
                    as: LiveKitAccessToken.self, secret: Array(secret.utf8), now: now, leeway: leeway)
            }
        } catch {
            throw .token(error)
        }
        throw .unknownAPIKey
    }

    /// Whether the token was made for exactly this body: how the room server's
    /// webhooks are proved. A token without `sha256` covers nothing.
    public func covers(body: some ContiguousBytes) -> Bool {
        guard let sha256 else { return false }
        return constantTimeEqual(sha256, Data(SHA256.hash(body)).base64EncodedString())
    }
}
