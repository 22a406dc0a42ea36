import Foundation
import Testing

@testable import Security

@Suite struct JSONWebTokenTests {
    struct Claims: Codable, Equatable {
        var sub: String?
        var exp: Double?
        var nbf: Double?
    }

    let secret = Array("a secret of this test".utf8)
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    func token(header: String = #"{"alg":"HS256","typ":"JWT"}"#, payload: String, secret: [UInt8]? = nil) -> String {
        let signed = Base64URL.encode(header.utf8) + "." + Base64URL.encode(payload.utf8)
        let code = HMACSHA256.authenticationCode(for: Array(signed.utf8), key: secret ?? self.secret)
        return signed + "." + Base64URL.encode(code)
    }

    func verify(_ token: String, leeway: Duration = .zero) throws(JSONWebTokenError) -> Claims {
        try JSONWebToken.verify(token, secret: secret, now: now, leeway: leeway)
    }

    /// RFC 7515, appendix A.1.
    @Test func verify_ofTheRFCsExample_givesItsClaims() throws {
        struct Example: Decodable {
            let iss: String
            let exp: Int
        }
        let token = """
            eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
            .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
            .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
            """
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let secret = try #require(Base64URL.decode(key))
        let last = Date(timeIntervalSince1970: 1_300_819_379)
        let claims = try JSONWebToken.verify(token, as: Example.self, secret: secret, now: last)
        #expect(claims.iss == "joe")
        #expect(claims.exp == 1_300_819_380)
        #expect(throws: JSONWebTokenError.expired) {
            try JSONWebToken.verify(token, as: Example.self, secret: secret, now: last.addingTimeInterval(1))
        }
    }

    @Test func sign_ofEqualClaims_givesEqualTokensWithSortedKeysAndNoNulls() throws {
        let claims = Claims(sub: "a/b", exp: 1_800_000_060, nbf: nil)
        let token = try JSONWebToken.sign(claims, secret: secret)
        #expect(try JSONWebToken.sign(claims, secret: secret) == token)
        let parts = token.split(separator: ".").map { Base64URL.decode($0).map { String(decoding: $0, as: UTF8.self) } }
        #expect(parts[0] == #"{"alg":"HS256","typ":"JWT"}"#)
        #expect(parts[1] == #"{"exp":1800000060,"sub":"a/b"}"#)
        #expect(try verify(token) == claims)
    }

    /// One letter changed anywhere is noticed: the last letter of the signature is
    /// where a lax decoder lets a twin through.
    @Test func verify_withAnyLetterChanged_isRefused() throws {
        let token = try JSONWebToken.sign(Claims(sub: "ava", exp: 1_800_000_060), secret: secret)
        let letters = Array(token.utf8)
        for index in letters.indices {
            var changed = letters
            changed[index] = letters[index] == UInt8(ascii: "B") ? UInt8(ascii: "C") : UInt8(ascii: "B")
            #expect(throws: JSONWebTokenError.self) { try verify(String(decoding: changed, as: UTF8.self)) }
        }
        for index in letters.indices {
            #expect(throws: JSONWebTokenError.self) { try verify(String(decoding: letters[..<index], as: UTF8.self)) }
        }
        #expect(throws: JSONWebTokenError.self) { try verify(token + "A") }
    }

    @Test func verify_withAnotherPayloadUnderTheSameSignature_isBadSignature() throws {
        let token = try JSONWebToken.sign(Claims(sub: "ava", exp: 1_800_000_060), secret: secret)
        var parts = token.split(separator: ".").map(String.init)
        parts[1] = Base64URL.encode(#"{"exp":1800000060,"sub":"eve"}"#.utf8)
        #expect(throws: JSONWebTokenError.badSignature) { try verify(parts.joined(separator: ".")) }
        #expect(throws: JSONWebTokenError.badSignature) {
            try verify(self.token(payload: #"{"exp":1800000060}"#, secret: Array("another".utf8)))
        }
    }

    @Test(arguments: ["none", "None", "NONE", "HS512", "RS256", "hs256", ""])
    func verify_withAnotherAlgorithm_isRefusedEvenWithOurSignature(algorithm: String) {
        let payload = #"{"exp":1800000060}"#
        let header = #"{"alg":"\#(algorithm)","typ":"JWT"}"#
        #expect(throws: JSONWebTokenError.unsupportedAlgorithm) { try verify(token(header: header, payload: payload)) }
        let unsigned = Base64URL.encode(header.utf8) + "." + Base64URL.encode(payload.utf8) + "."
        #expect(throws: JSONWebTokenError.unsupportedAlgorithm) { try verify(unsigned) }
    }

    @Test func verify_withoutSignature_isBadSignature() {
        let unsigned =
            token(payload: #"{"exp":1800000060}"#).split(separator: ".").dropLast().joined(separator: ".") + "."
        #expect(throws: JSONWebTokenError.badSignature) { try verify(unsigned) }
    }

    @Test(arguments: [
        (#"{"alg":"HS256","crit":["exp"]}"#, "crit"), (#"{"alg":"HS256","typ":"JWE"}"#, "typ"),
        (#"{"typ":"JWT"}"#, "alg"),
        (#"["HS256"]"#, "top"), ("", "top"),
    ])
    func verify_withABadHeader_isMalformedAndSaysWhy(header: String, word: String) {
        let error = #expect(throws: JSONWebTokenError.self) {
            try verify(token(header: header, payload: #"{"exp":1}"#))
        }
        guard case .malformed(.header, let reason)? = error else {
            Issue.record("expected a malformed header, got \(String(describing: error))")
            return
        }
        #expect(reason.contains(word))
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c.d", "....", "not a token", "é.é.é"])
    func verify_ofWhatIsNoToken_isMalformed(text: String) {
        let error = #expect(throws: JSONWebTokenError.self) { try verify(text) }
        guard case .malformed? = error else {
            Issue.record("expected malformed, got \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["[]", "1", "", "{", #"{"exp":"1800000060"}"#, #"{"exp":1800000060,"sub":7}"#])
    func verify_ofASignedPayloadThatIsNotTheClaims_isMalformedPayload(payload: String) {
        let error = #expect(throws: JSONWebTokenError.self) { try verify(token(payload: payload)) }
        guard case .malformed(.payload, _)? = error else {
            Issue.record("expected a malformed payload, got \(String(describing: error))")
            return
        }
    }

    /// `now` is 1,800,000,000. Good while now < exp + leeway and now >= nbf - leeway.
    @Test(
        arguments: [
            ("{\"exp\":1800000001}", 0, nil),
            ("{\"exp\":1800000000}", 0, .expired),
            ("{\"exp\":1800000000.5}", 0, nil),
            ("{\"exp\":1799999941}", 60, nil),
            ("{\"exp\":1799999940}", 60, .expired),
            ("{\"exp\":1799999940}", -60, .expired),
            ("{\"exp\":1800000060,\"nbf\":1800000000}", 0, nil),
            ("{\"exp\":1800000060,\"nbf\":1800000001}", 0, .notYetValid),
            ("{\"exp\":1800000060,\"nbf\":1800000030}", 30, nil),
            ("{\"exp\":1800000060,\"nbf\":1800000031}", 30, .notYetValid),
            ("{\"nbf\":1}", 0, .missingExpiry),
            ("{\"exp\":null}", 0, .missingExpiry),
            ("{\"exp\":1e300}", 0, nil),
            ("{\"exp\":-1e300}", 0, .expired),
        ] as [(String, Int, JSONWebTokenError?)])
    func verify_atTheBoundariesOfTime(payload: String, leeway: Int, expected: JSONWebTokenError?) {
        var found: JSONWebTokenError?
        do throws(JSONWebTokenError) {
            _ = try verify(token(payload: payload), leeway: .seconds(leeway))
        } catch {
            found = error
        }
        #expect(found == expected)
    }

    @Test func token_over16KiB_isRefusedOnBothSides() {
        let long = String(repeating: "x", count: JSONWebToken.maximumBytes)
        #expect(throws: JSONWebTokenError.oversize(bytes: JSONWebToken.maximumBytes + 1)) { try verify(long + "x") }
        let error = #expect(throws: JSONWebTokenError.self) {
            try JSONWebToken.sign(Claims(sub: long, exp: 1), secret: secret)
        }
        guard case .oversize? = error else {
            Issue.record("expected oversize, got \(String(describing: error))")
            return
        }
    }

    @Test func emptySecret_neitherSignsNorVerifies() {
        let forged = token(payload: #"{"exp":1800000060}"#, secret: [])
        #expect(throws: JSONWebTokenError.emptySecret) { try JSONWebToken.sign(Claims(), secret: []) }
        #expect(throws: JSONWebTokenError.emptySecret) {
            try JSONWebToken.verify(forged, as: Claims.self, secret: [], now: now)
        }
    }

    @Test func errors_neverRepeatWhatTheTokenHolds() {
        let error = #expect(throws: JSONWebTokenError.self) {
            try verify(token(payload: #"{"exp":1800000060,"sub":{"card":"4111-1111"}}"#))
        }
        #expect(error.map { !"\($0) \(String(reflecting: $0))".contains("4111") } == true)
        #expect(error.map { "\($0)".contains("sub") } == true)
    }
}
