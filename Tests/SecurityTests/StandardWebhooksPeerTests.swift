import Foundation
import Testing

@testable import Security

/// Ours against the package that receivers use.
struct StandardWebhooksPeerTests {
    let id = "evt_01J9ZZ"
    let body = Array(#"{"type":"turn.ended","data":{"name":"Zoë"}}"#.utf8)

    @Test func signature_ofOurs_isAcceptedByThePackage() async throws {
        let (old, new, other) = (try WebhookSecret.make(), try WebhookSecret.make(), try WebhookSecret.make())
        let shortest = try WebhookSecret(text: "whsec_" + Data(repeating: 7, count: 24).base64EncodedString())
        let longest = try WebhookSecret(text: "whsec_" + Data(repeating: 7, count: 64).base64EncodedString())
        let rotating = try StandardWebhooks.sign(id: id, timestamp: Date(), body: body, secrets: [new, old])
        let empty = try StandardWebhooks.sign(id: id, timestamp: Date(), body: [UInt8](), secrets: [new])
        var cases = [
            WebhookPeer.Verification(rotating, body: body, secret: old),
            WebhookPeer.Verification(rotating, body: body, secret: new),
            WebhookPeer.Verification(empty, body: [], secret: new),
        ]
        for secret in [shortest, longest] {
            let headers = try StandardWebhooks.sign(id: id, timestamp: Date(), body: body, secrets: [secret])
            cases.append(WebhookPeer.Verification(headers, body: body, secret: secret))
        }
        cases.append(WebhookPeer.Verification(rotating, body: body, secret: other))
        let answer = try await WebhookPeer.ask(verify: cases)
        #expect(answer.accepted == [true, true, true, true, true, false])
    }

    /// Every bit of the id, the timestamp, the body and the 32 bytes of the
    /// signature, one at a time; refused by the package and by us.
    @Test func signature_afterOneFlippedBit_isRefusedByThePackageAndByUs() async throws {
        let secret = try WebhookSecret.make()
        let now = Date()
        let good = try StandardWebhooks.sign(id: id, timestamp: now, body: body, secrets: [secret])
        var changed: [(headers: WebhookHeaders, body: [UInt8])] = []
        for id in flips(Array(good.id.utf8)) {
            changed.append((headers(good, id: latin(id)), body))
        }
        for timestamp in flips(Array(good.timestamp.utf8)) {
            changed.append((headers(good, timestamp: latin(timestamp)), body))
        }
        for body in flips(body) { changed.append((good, body)) }
        let code = try #require(Data(base64Encoded: String(good.signature.dropFirst(3))))
        for flipped in flips(Array(code)) {
            changed.append((headers(good, signature: "v1," + Data(flipped).base64EncodedString()), body))
        }
        #expect(changed.count == (id.utf8.count + 10 + body.count + 32) * 8)
        var cases = changed.map { WebhookPeer.Verification($0.headers, body: $0.body, secret: secret) }
        cases.append(WebhookPeer.Verification(good, body: body, secret: secret))
        let answer = try await WebhookPeer.ask(verify: cases)
        #expect(answer.accepted.last == true)
        #expect(!answer.accepted.dropLast().contains(true))
        for (headers, body) in changed {
            #expect(throws: StandardWebhooksError.self) {
                try StandardWebhooks.verify(headers, body: body, secrets: [secret], now: now)
            }
        }
        try StandardWebhooks.verify(good, body: body, secrets: [secret], now: now)
    }

    /// The package's decoder lets base64 with stray bits through; ours does not.
    @Test func signaturesText_withAnyBitFlipped_isRefusedByUs() throws {
        let secret = try WebhookSecret.make()
        let now = Date()
        let good = try StandardWebhooks.sign(id: id, timestamp: now, body: body, secrets: [secret])
        for text in flips(Array(good.signature.utf8)) {
            #expect(throws: StandardWebhooksError.self) {
                let headers = headers(good, signature: latin(text))
                try StandardWebhooks.verify(headers, body: body, secrets: [secret], now: now)
            }
        }
    }

    @Test func signature_ofThePackage_isThatOfOurs() async throws {
        let secret = try WebhookSecret.make()
        let now = Date()
        let seconds = Int(now.timeIntervalSince1970)
        let signing = WebhookPeer.Signing(secret: secret.text, id: id, timestamp: seconds, body: Data(body))
        let signature = try #require(try await WebhookPeer.ask(sign: [signing]).signatures.first)
        let theirs = WebhookHeaders(id: id, timestamp: "\(seconds)", signature: signature)
        try StandardWebhooks.verify(theirs, body: body, secrets: [secret], now: now)
        #expect(try StandardWebhooks.sign(id: id, timestamp: now, body: body, secrets: [secret]) == theirs)
    }

    private func flips(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.indices.flatMap { index in
            (0..<8).map { bit in
                var changed = bytes
                changed[index] ^= 1 << bit
                return changed
            }
        }
    }

    /// Bytes as an HTTP library shows them in a header.
    private func latin(_ bytes: [UInt8]) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private func headers(
        _ good: WebhookHeaders, id: String? = nil, timestamp: String? = nil, signature: String? = nil
    ) -> WebhookHeaders {
        WebhookHeaders(
            id: id ?? good.id, timestamp: timestamp ?? good.timestamp, signature: signature ?? good.signature)
    }
}
