import Foundation
import Testing

@testable import Security

struct WebhookSecretTests {
    func text(_ count: Int) -> String {
        "whsec_" + Data((0..<count).map { UInt8($0) }).base64EncodedString()
    }

    @Test func secret_thatIsMade_isNewEachTimeAndReadsBack() throws {
        let (first, second) = (try WebhookSecret.make(), try WebhookSecret.make())
        #expect(first != second)
        #expect(first.text.hasPrefix("whsec_"))
        #expect(Data(base64Encoded: String(first.text.dropFirst(6)))?.count == 32)
        #expect(try WebhookSecret(text: first.text) == first)
    }

    @Test(arguments: [24, 25, 26, 32, 63, 64])
    func text_withOrWithoutPadding_isRead(count: Int) throws {
        let secret = try WebhookSecret(text: text(count))
        #expect(secret.text == text(count))
        let bare = text(count).replacingOccurrences(of: "=", with: "")
        #expect(try WebhookSecret(text: bare) == secret)
    }

    @Test(
        arguments: [
            ("", .missingPrefix), ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .missingPrefix), ("WHSEC_AAAA", .missingPrefix),
            ("whsec_", .wrongLength(bytes: 0)), ("whsec_AAAA", .wrongLength(bytes: 3)),
            ("whsec_ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ", .notBase64),
            ("whsec_" + String(repeating: "-", count: 32), .notBase64),
            ("whsec_" + String(repeating: "A", count: 31) + "\n", .notBase64),
            ("whsec_" + String(repeating: "A", count: 33), .notBase64),
            ("whsec_" + String(repeating: "A", count: 32) + "====", .notBase64),
            ("whsec_" + String(repeating: "A", count: 33) + "===", .notBase64),
            ("whsec_" + String(repeating: "A", count: 34) + "=A", .notBase64),
            ("whsec_" + String(repeating: "A", count: 32) + "=", .notBase64),
            ("whsec_" + String(repeating: "A", count: 33) + "B==", .notBase64),
            ("whsec_" + String(repeating: "A", count: 200_000), .notBase64),
        ] as [(String, WebhookSecretError)])
    func text_thatIsNoSecret_isRefusedWithoutBeingRepeated(text: String, expected: WebhookSecretError) {
        let error = #expect(throws: expected) { try WebhookSecret(text: text) }
        #expect(error.map { "\($0)".contains("AAAA") } == false)
    }

    @Test func text_justOutsideOfTheLengths_isRefused() {
        #expect(throws: WebhookSecretError.wrongLength(bytes: 23)) { try WebhookSecret(text: text(23)) }
        #expect(throws: WebhookSecretError.wrongLength(bytes: 65)) { try WebhookSecret(text: text(65)) }
    }

    @Test func secret_isPrintedByNoInterpolation() throws {
        let secret = try WebhookSecret(text: text(32))
        struct Holder {
            let secret: WebhookSecret
            let list: [WebhookSecret]
        }
        let holder = Holder(secret: secret, list: [secret])
        var dumped = ""
        dump(holder, to: &dumped)
        let printed = ["\(secret)", String(reflecting: secret), "\(holder)", String(reflecting: holder), dumped]
        for text in printed {
            #expect(text.contains("whsec_****") && !text.contains("AAEC") && !text.contains("[0, 1, 2"), "\(text)")
            #expect(!text.contains("0\n"), "\(text)")
        }
    }
}
