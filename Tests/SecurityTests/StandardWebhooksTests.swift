import Foundation
import Testing

@testable import Security

struct StandardWebhooksTests {
    let now = Date(timeIntervalSince1970: 1_800_000_000.75)
    let body = Array("{}".utf8)

    func secret(_ byte: UInt8 = 1, count: Int = 32) throws -> WebhookSecret {
        try WebhookSecret(text: "whsec_" + Data(repeating: byte, count: count).base64EncodedString())
    }

    func error(_ headers: WebhookHeaders, now: Date? = nil, secrets: [WebhookSecret]? = nil) throws
        -> StandardWebhooksError?
    {
        let secrets = try secrets ?? [secret()]
        do throws(StandardWebhooksError) {
            try StandardWebhooks.verify(headers, body: body, secrets: secrets, now: now ?? self.now)
            return nil
        } catch {
            return error
        }
    }

    /// Computed with `openssl dgst -sha256 -mac HMAC` from the same key.
    @Test func sign_givesTheThreeFieldsOfTheSpecification() throws {
        let headers = try StandardWebhooks.sign(id: "msg_1", timestamp: now, body: body, secrets: [secret()])
        #expect(headers.fields.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.fields.map(\.value) == ["msg_1", "1800000000", "v1,3Gfzw1tO2IZxZxjKPa6GQsld/huqaK1NQzZdfT3gVrY="])
    }

    @Test func sign_withTwoSecrets_givesASignatureOfEachInTheirOrder() throws {
        let (first, second) = (try secret(1), try secret(2))
        let both = try StandardWebhooks.sign(id: "a", timestamp: now, body: body, secrets: [first, second])
        let alone = try [first, second].map {
            try StandardWebhooks.sign(id: "a", timestamp: now, body: body, secrets: [$0]).signature
        }
        #expect(both.signature == alone.joined(separator: " "))
        #expect(try error(both, secrets: [second]) == nil)
        #expect(try error(both, secrets: [secret(3), first]) == nil)
        #expect(try error(both, secrets: [secret(3)]) == .badSignature)
    }

    @Test func verify_passesOverOtherSchemesAndRefusesTheirLookalikes() throws {
        let good = try StandardWebhooks.sign(id: "a", timestamp: now, body: body, secrets: [secret()])
        let code = good.signature.dropFirst(3)
        for (signature, expected) in [
            ("v1a,AAAA v2,x \(good.signature)", nil), ("v1a,\(code)", .badSignature), ("\(code)", .badSignature),
            ("V1,\(code)", .badSignature), ("v1,", .badSignature), ("", .badSignature),
            ("v1,\(code)=", .badSignature), ("v1,\(code),", .badSignature),
            (String(repeating: "v1,x ", count: 1000) + good.signature, .oversizeSignature),
        ] as [(String, StandardWebhooksError?)] {
            let headers = WebhookHeaders(id: "a", timestamp: good.timestamp, signature: signature)
            #expect(try error(headers) == expected, "\(signature.prefix(20))")
        }
    }

    /// The timestamp is 1,800,000,000.
    @Test(
        arguments: [
            (-300.0, nil), (-300.5, .tooNew), (0, nil), (300, nil), (300.5, .tooOld), (1e9, .tooOld), (-1e9, .tooNew),
        ] as [(Double, StandardWebhooksError?)])
    func verify_atTheBoundariesOfTime(later: Double, expected: StandardWebhooksError?) throws {
        let signed = try StandardWebhooks.sign(id: "a", timestamp: now, body: body, secrets: [secret()])
        #expect(try error(signed, now: Date(timeIntervalSince1970: 1_800_000_000 + later)) == expected)
    }

    @Test(arguments: ["", "a.b", "a b", "é", "a\n", String(repeating: "x", count: 257)])
    func id_thatCouldMisleadAReader_isRefusedOnBothSides(id: String) throws {
        let secrets = [try secret()]
        #expect(throws: StandardWebhooksError.badID) {
            try StandardWebhooks.sign(id: id, timestamp: now, body: body, secrets: secrets)
        }
        #expect(try error(WebhookHeaders(id: id, timestamp: "1800000000", signature: "v1,x")) == .badID)
    }

    @Test(arguments: ["", "1.5", "-1", " 1800000000", "1e9", "0x10", "１８", "1800000000000"])
    func timestamp_thatIsNoWholeSecond_isRefused(timestamp: String) throws {
        #expect(try error(WebhookHeaders(id: "a", timestamp: timestamp, signature: "v1,x")) == .badTimestamp)
    }

    @Test func sign_outOfReason_isRefused() throws {
        let secrets = [try secret()]
        for moment in [-1.0, 1e15, .infinity, .nan] {
            #expect(throws: StandardWebhooksError.badTimestamp) {
                let moment = Date(timeIntervalSince1970: moment)
                return try StandardWebhooks.sign(id: "a", timestamp: moment, body: body, secrets: secrets)
            }
        }
        for count in [0, 9] {
            #expect(throws: StandardWebhooksError.badSecretCount(count)) {
                let secrets = Array(repeating: secrets[0], count: count)
                return try StandardWebhooks.sign(id: "a", timestamp: now, body: body, secrets: secrets)
            }
        }
        #expect(try error(WebhookHeaders(id: "a", timestamp: "1", signature: "v1,"), secrets: []) == .badSecretCount(0))
    }
}
