import Foundation

/// JSON Web Tokens in the compact form, signed with HS256 and nothing else
/// (RFC 7519, RFC 7515). The algorithm is ours to choose, never the token's.
public enum JSONWebToken {
    /// The longest token that is made or read, in bytes.
    public static let maximumBytes = 16 * 1024

    /// Signs `claims`. The JSON has sorted keys, so equal claims under an equal
    /// secret give an equal token.
    ///
    /// Throws `emptySecret`, `claimsNotEncodable` or `oversize`.
    public static func sign(_ claims: some Encodable, secret: [UInt8]) throws(JSONWebTokenError) -> String {
        guard !secret.isEmpty else { throw .emptySecret }
        let signed = header + "." + Base64URL.encode(try encode(claims))
        let code = HMACSHA256.authenticationCode(for: Array(signed.utf8), key: secret)
        let token = signed + "." + Base64URL.encode(code)
        guard token.utf8.count <= maximumBytes else { throw .oversize(bytes: token.utf8.count) }
        return token
    }

    /// Checks `token` against `secret` and the time `now`, and decodes its claims.
    ///
    /// A token must carry `exp`; it is good while `now` is before `exp` plus
    /// `leeway` and, where `nbf` is there, not before `nbf` less `leeway`.
    /// Throws the first thing that is wrong, in the order: size, shape, algorithm,
    /// signature, time, claims.
    public static func verify<Claims: Decodable>(
        _ token: String, as type: Claims.Type = Claims.self, secret: [UInt8], now: Date, leeway: Duration = .zero
    ) throws(JSONWebTokenError) -> Claims {
        try CompactToken(parsing: token).verified(as: type, secret: secret, now: now, leeway: leeway)
    }

    private static let header = Base64URL.encode(#"{"alg":"HS256","typ":"JWT"}"#.utf8)

    private static func encode(_ claims: some Encodable) throws(JSONWebTokenError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(claims)
        } catch {
            throw .claimsNotEncodable(reason: codingReason(of: error))
        }
    }
}
