import Foundation

/// Signatures of webhooks as the Standard Webhooks specification (1.0.0,
/// github.com/standard-webhooks/standard-webhooks) has them: HMAC-SHA-256 over
/// `id.timestamp.body`, the scheme `v1`.
public enum StandardWebhooks {
    /// How far a timestamp may be from now, in both directions.
    public static let tolerance = Duration.seconds(300)
    /// The most secrets that are valid at once; a rotation needs two.
    public static let maximumSecrets = 8

    /// The longest field of signatures that is looked at, in bytes: room for
    /// dozens, schemes of others included.
    static let maximumSignatureBytes = 4096

    /// Signs a message and returns the values of its header fields, one signature
    /// for each secret in their order.
    ///
    /// `id` names the message and stays the same when it is sent again;
    /// `timestamp` is the time of this attempt. Throws `badID`, `badTimestamp`
    /// (before 1970 or beyond the year 9999) and `badSecretCount`.
    public static func sign(
        id: String, timestamp: Date, body: some ContiguousBytes, secrets: [WebhookSecret]
    ) throws(StandardWebhooksError) -> WebhookHeaders {
        let seconds = timestamp.timeIntervalSince1970.rounded(.down)
        guard (0..<253_402_300_800).contains(seconds) else { throw .badTimestamp }
        let text = String(Int(seconds))
        let content = try signedContent(id: id, timestamp: text, body: body)
        let codes = try codes(of: content, secrets)
        return WebhookHeaders(id: id, timestamp: text, signature: codes.map { "v1," + $0 }.joined(separator: " "))
    }

    /// Returns where one of the signatures is that of `body` under one of
    /// `secrets` and the timestamp is within `tolerance` of `now`; throws why not
    /// otherwise. Signatures of other schemes are passed over. Compares in
    /// constant time.
    public static func verify(
        _ headers: WebhookHeaders, body: some ContiguousBytes, secrets: [WebhookSecret], now: Date,
        tolerance: Duration = StandardWebhooks.tolerance
    ) throws(StandardWebhooksError) {
        guard headers.signature.utf8.count <= maximumSignatureBytes else { throw .oversizeSignature }
        let content = try signedContent(id: headers.id, timestamp: headers.timestamp, body: body)
        let expected = try codes(of: content, secrets)
        let given = headers.signature.split(separator: " ").filter { $0.hasPrefix("v1,") }.map {
            String($0.dropFirst(3))
        }
        var isKnown = false
        // All pairs, whatever was found: the time tells nothing about the secrets.
        for signature in given {
            for code in expected where constantTimeEqual(signature, code) { isKnown = true }
        }
        guard isKnown else { throw .badSignature }
        try check(headers.timestamp, now: now, tolerance: tolerance)
    }

    private static func check(_ timestamp: String, now: Date, tolerance: Duration) throws(StandardWebhooksError) {
        guard let seconds = Double(timestamp) else { throw .badTimestamp }
        let age = now.timeIntervalSince1970 - seconds
        guard age <= tolerance / .seconds(1) else { throw .tooOld }
        guard -age <= tolerance / .seconds(1) else { throw .tooNew }
    }

    /// What is signed. A full stop in the id would let two messages have the same
    /// content, so there must be none.
    private static func signedContent(
        id: String, timestamp: String, body: some ContiguousBytes
    ) throws(StandardWebhooksError) -> [UInt8] {
        let isPlain = id.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }
        guard (1...256).contains(id.utf8.count), isPlain else { throw .badID }
        let isNumber = timestamp.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard (1...12).contains(timestamp.utf8.count), isNumber else { throw .badTimestamp }
        return body.withUnsafeBytes { Array("\(id).\(timestamp).".utf8) + $0 }
    }

    /// The base64 of the content's code under each secret.
    private static func codes(
        of content: [UInt8], _ secrets: [WebhookSecret]
    ) throws(StandardWebhooksError) -> [String] {
        guard (1...maximumSecrets).contains(secrets.count) else { throw .badSecretCount(secrets.count) }
        return secrets.map { secret in
            Data(HMACSHA256.authenticationCode(for: content, key: secret.key)).base64EncodedString()
        }
    }
}
