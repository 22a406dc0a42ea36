import Foundation
import Testing

@testable import Security

@Suite struct PrimitivesTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func sha256_ofKnownText_isTheDigestOfFIPS180(text: String, digest: String) {
        #expect(SHA256.hash(text) == hex(digest))
        #expect(SHA256.hash(Data(text.utf8)) == hex(digest))
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 20), "4869205468657265",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819", String(repeating: "cd", count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            String(repeating: "aa", count: 131),
            """
            54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65\
            204b6579202d2048617368204b6579204669727374
            """,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            String(repeating: "aa", count: 131),
            """
            5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920616e6420
            61206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f20626520686173
            686564206265666f7265206265696e6720757365642062792074686520484d414320616c676f726974686d2e
            """,
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ])
    func hmac_ofRFC4231_isTheCodeOfTheRFC(key: String, message: String, code: String) {
        #expect(HMACSHA256.authenticationCode(for: hex(message), key: hex(key)) == hex(code))
        #expect(HMACSHA256.isValid(hex(code), for: hex(message), key: hex(key)))
        #expect(!HMACSHA256.isValid(hex(code).dropLast(), for: hex(message), key: hex(key)))
    }

    @Test func hmac_withEmptyKeyAfterAnother_doesNotReuseTheOther() {
        let empty: [UInt8] = []
        _ = HMACSHA256.authenticationCode(for: empty, key: [1, 2, 3])
        #expect(
            HMACSHA256.authenticationCode(for: empty, key: empty)
                == hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
    }

    @Test func constantTimeEqual_tellsEqualFromDifferent() {
        #expect(constantTimeEqual("secret", "secret"))
        #expect(constantTimeEqual("", ""))
        #expect(!constantTimeEqual("secret", "secreT"))
        #expect(!constantTimeEqual("Secret", "secret"))
        #expect(!constantTimeEqual("secret", "secret "))
        #expect(!constantTimeEqual("", "s"))
        #expect(constantTimeEqual([1, 2, 3] as [UInt8], Data([1, 2, 3])))
    }

    @Test func random_givesTheCountAskedForAndNotTheSameTwice() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        #expect(try SecureRandom.bytes(32).count == 32)
        #expect(try SecureRandom.bytes(32) != SecureRandom.bytes(32))
        #expect(try SecureRandom.bytes(SecureRandom.maximumCount).count == SecureRandom.maximumCount)
    }

    @Test(arguments: [-1, SecureRandom.maximumCount + 1])
    func random_outsideItsBounds_isRefused(count: Int) {
        #expect(throws: CryptographyError.invalidCount(count)) { try SecureRandom.bytes(count) }
    }

    @Test(
        arguments: [
            ([], ""), ([0x66], "Zg"), ([0x66, 0x6F], "Zm8"), ([0x66, 0x6F, 0x6F], "Zm9v"),
            ([0xFB, 0xFF, 0xFE], "-__-"),
            ([3, 236, 255, 224, 193], "A-z_4ME"),
        ] as [([UInt8], String)])
    func base64URL_ofKnownBytes_isTheTextAndBack(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == text)
        #expect(Base64URL.decode(text) == bytes)
    }

    @Test func base64URL_ofEveryLength_comesBack() throws {
        for count in 0...100 {
            let bytes = try SecureRandom.bytes(count)
            let text = Base64URL.encode(bytes)
            let standard = Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            #expect(text == standard)
            #expect(Base64URL.decode(text) == bytes)
        }
    }

    /// Padding, another alphabet, white space, lengths that cannot be, and bits
    /// left over that are not zero ("Zh" would read as "f" too).
    @Test(arguments: ["Zg==", "Zm8=", "+/+/", "Zm 9", "Zm9v\n", "Z", "Zm9vZ", "Zh", "Zm9", "Zm9vé"])
    func base64URL_ofAnythingButItsOneForm_isRefused(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
