import Foundation

/// A token taken apart and not yet believed.
struct CompactToken {
    private let signed: [UInt8]
    private let header: [UInt8]
    private let payload: [UInt8]
    private let signature: [UInt8]

    init(parsing token: String) throws(JSONWebTokenError) {
        let size = token.utf8.count
        guard size <= JSONWebToken.maximumBytes else { throw .oversize(bytes: size) }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed(.token, reason: "expected three parts, found \(parts.count)") }
        header = try Self.decode(parts[0], .header)
        payload = try Self.decode(parts[1], .payload)
        signature = try Self.decode(parts[2], .signature)
        signed = Array(parts[0].utf8) + [UInt8(ascii: ".")] + Array(parts[1].utf8)
    }

    /// Who the token says made it: good for finding the secret that proves it,
    /// and for nothing else.
    func unverifiedIssuer() throws(JSONWebTokenError) -> String? {
        try Self.json(Issuer.self, from: payload, .payload).iss
    }

    func verified<Claims: Decodable>(
        as type: Claims.Type, secret: [UInt8], now: Date, leeway: Duration
    ) throws(JSONWebTokenError) -> Claims {
        guard !secret.isEmpty else { throw .emptySecret }
        try requireAlgorithm()
        guard HMACSHA256.isValid(signature, for: signed, key: secret) else { throw .badSignature }
        try requireTime(now: now, leeway: max(leeway, .zero) / .seconds(1))
        return try Self.json(type, from: payload, .payload)
    }

    private func requireAlgorithm() throws(JSONWebTokenError) {
        let header = try Self.json(Header.self, from: header, .header)
        guard header.alg == "HS256" else { throw .unsupportedAlgorithm }
        // RFC 7515, 4.1.11: whoever does not understand an extension that the
        // token calls critical has to refuse the token. We know none.
        guard header.crit == nil else { throw .malformed(.header, reason: "critical extensions are not supported") }
        guard (header.typ ?? "JWT").uppercased() == "JWT" else { throw .malformed(.header, reason: "typ is not JWT") }
    }

    private func requireTime(now: Date, leeway: Double) throws(JSONWebTokenError) {
        let times = try Self.json(Times.self, from: payload, .payload)
        guard let expiry = times.exp else { throw .missingExpiry }
        let seconds = now.timeIntervalSince1970
        guard seconds < expiry + leeway else { throw .expired }
        guard seconds >= (times.nbf ?? -.infinity) - leeway else { throw .notYetValid }
    }

    private static func decode(_ text: Substring, _ part: JSONWebTokenError.Part) throws(JSONWebTokenError) -> [UInt8] {
        guard let bytes = Base64URL.decode(text) else { throw .malformed(part, reason: "not base64url") }
        return bytes
    }

    private static func json<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], _ part: JSONWebTokenError.Part
    ) throws(JSONWebTokenError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw .malformed(part, reason: codingReason(of: error))
        }
    }

    private struct Header: Decodable {
        let alg: String
        let typ: String?
        let crit: [String]?
    }

    private struct Issuer: Decodable {
        let iss: String?
    }

    private struct Times: Decodable {
        let exp: Double?
        let nbf: Double?
    }
}
