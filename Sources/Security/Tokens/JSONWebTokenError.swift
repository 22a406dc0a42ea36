/// Why a token was not made, or not believed. None of it repeats the token's
/// content, so all of it may be logged.
public enum JSONWebTokenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part of a token that is at fault.
    public enum Part: String, Sendable {
        case token, header, payload, signature
    }

    /// Not three parts of base64url with JSON objects in them, or claims of
    /// another type than asked for.
    case malformed(Part, reason: String)
    /// Longer than `JSONWebToken.maximumBytes`.
    case oversize(bytes: Int)
    /// The header names `none` or anything else but `HS256`.
    case unsupportedAlgorithm
    /// The signature is not that of this secret over this content.
    case badSignature
    /// There is no `exp`, so the token would be good for ever.
    case missingExpiry
    /// `exp` has passed, leeway included.
    case expired
    /// `nbf` has not come yet, leeway included.
    case notYetValid
    /// The secret given by the caller is empty: it proves nothing.
    case emptySecret
    /// The claims given by the caller cannot be written as JSON.
    case claimsNotEncodable(reason: String)

    /// One phrase for a log line or a problem's `detail`.
    public var description: String {
        switch self {
        case .malformed(let part, let reason):
            "the \(part == .token ? "token" : "token's \(part)") is malformed: \(reason)"
        case .oversize(let bytes): "the token has \(bytes) bytes, at most \(JSONWebToken.maximumBytes) are allowed"
        case .unsupportedAlgorithm: "the token is not signed with HS256"
        case .badSignature: "the token's signature is wrong"
        case .missingExpiry: "the token has no expiry"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .emptySecret: "the signing secret is empty"
        case .claimsNotEncodable(let reason): "the claims cannot be encoded: \(reason)"
        }
    }
}
