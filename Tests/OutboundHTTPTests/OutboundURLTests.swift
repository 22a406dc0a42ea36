import Testing

@testable import OutboundHTTP

struct OutboundURLTests {
    @Test(arguments: [
        ("http://example.com", "http", "example.com", 80), ("https://example.com/a?b=c", "https", "example.com", 443),
        ("HTTPS://Example.COM:8443/x", "https", "example.com", 8443), ("http://a_b.test./", "http", "a_b.test.", 80),
        ("https://xn--bcher-kva.example/%C3%A9", "https", "xn--bcher-kva.example", 443),
        ("http://localhost:1/", "http", "localhost", 1), ("http://x:65535", "http", "x", 65535),
        ("http://example.com:/", "http", "example.com", 80), ("https://x.y/?u=a@b", "https", "x.y", 443),
        ("http://ex%61mple.com/", "http", "example.com", 80),
    ])
    func url_ofAName_isReadAndHasNoLiteralAddress(text: String, scheme: String, host: String, port: UInt16) throws {
        let url = try OutboundURL(text)
        #expect((url.scheme, url.host, url.port) == (scheme, host, port))
        #expect(url.literalAddress == nil)
        #expect(url.text == text)
    }

    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("127.1", [127, 0, 0, 1]), ("127.0.1", [127, 0, 0, 1]),
            ("2130706433", [127, 0, 0, 1]), ("0x7f.1", [127, 0, 0, 1]), ("0x7f000001", [127, 0, 0, 1]),
            ("0X7F.0x0.0X0.1", [127, 0, 0, 1]), ("017700000001", [127, 0, 0, 1]), ("0177.0.0.01", [127, 0, 0, 1]),
            ("%31%32%37.0.0.1", [127, 0, 0, 1]), ("0", [0, 0, 0, 0]), ("0xa9fea9fe", [169, 254, 169, 254]),
            ("192.168.257", [192, 168, 1, 1]), ("4294967295", [255, 255, 255, 255]),
            ("[::]", [UInt8](repeating: 0, count: 16)), ("[::1]", [UInt8](repeating: 0, count: 15) + [1]),
            ("[0:0:0:0:0:0:0:1]", [UInt8](repeating: 0, count: 15) + [1]),
            ("[::FFFF:127.0.0.1]", [UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1]),
            ("[::ffff:7f00:1]", [UInt8](repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1]),
            ("[fd00:ec2::254]", [0xFD, 0, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 10) + [2, 0x54]),
        ] as [(String, [UInt8])])
    func url_ofAnAddressInAnyNotation_hasItsBytes(host: String, bytes: [UInt8]) throws {
        let url = try OutboundURL("https://\(host):8080/path")
        #expect(url.literalAddress == bytes)
        #expect(url.port == 8080)
    }

    @Test(
        arguments: [
            ("", .notAbsolute), ("example.com", .notAbsolute), ("//example.com/", .notAbsolute),
            ("/path?x=http://a", .notAbsolute), ("http:/example.com", .notAbsolute), ("http:example.com", .notAbsolute),
            ("ftp://example.com/", .unsupportedScheme), ("file:///etc/passwd", .noHost),
            ("gopher://x:1/", .unsupportedScheme), ("javascript://x", .unsupportedScheme),
            ("http:///example.com", .noHost), ("http://", .noHost), ("http://?x", .noHost),
            ("http://user@example.com/", .userInformation), ("http://u:p@example.com/", .userInformation),
            ("http://@example.com/", .userInformation), ("http://a@b@c/", .userInformation),
            ("http://example.com\\@evil/", .badCharacter), ("http://example.com/a b", .badCharacter),
            ("http://exam\tple.com/", .badCharacter), ("http://example.com/\r\nX: y", .badCharacter),
            ("http://example.com/\0", .badCharacter), ("http://bücher.example/", .badCharacter),
            ("http://①②⑦.0.0.1/", .badCharacter), ("http://127。0。0。1/", .badCharacter),
            ("http://example.com/é", .badCharacter), ("http://<x>/", .badCharacter),
            ("http://example.com/#x", .fragment), ("http://example.com#@evil/", .fragment),
            ("http://example.com:0/", .badPort), ("http://example.com:65536/", .badPort),
            ("http://example.com:80x/", .badPort), ("http://example.com:-1/", .badPort),
            ("http://[fe80::1%25eth0]/", .zone), ("http://[::1%lo]/", .zone), ("http://[127.0.0.1]/", .badHost),
            ("http://[::g]/", .badHost), ("http://127.0.0.1./", .badHost), ("http://1.2.3.4.5/", .badHost),
            ("http://256.0.0.1/", .badHost), ("http://4294967296/", .badHost), ("http://127.0.0.08/", .badHost),
            ("http://x.0x7f/", .badHost), ("http://exa%2fmple/", .badHost), ("http://a%40b/", .badHost),
            ("http://a*b/", .badHost), ("http://./", .badHost), ("http://a%00b/", .badHost),
        ] as [(String, OutboundURLError)])
    func text_thatCannotOrMustNotBeCalled_isRefused(text: String, expected: OutboundURLError) {
        #expect(throws: expected) { try OutboundURL(text) }
    }

    @Test func length_isBounded() throws {
        let start = "http://example.com/"
        let longest = start + String(repeating: "x", count: 2048 - start.utf8.count)
        #expect(try OutboundURL(longest).text == longest)
        #expect(throws: OutboundURLError.tooLong(limit: 2048)) { try OutboundURL(longest + "x") }
        #expect(try OutboundURL(longest + "x", maximumBytes: 3000).port == 80)
        #expect(throws: OutboundURLError.badHost) {
            try OutboundURL("http://" + String(repeating: "a.", count: 130) + "test/")
        }
    }

    @Test func description_leavesOutPathAndQuery() throws {
        #expect(try "\(OutboundURL("https://Example.com/hook/secret?token=t"))" == "https://example.com:443")
        #expect(try "\(OutboundURL("http://[::1]:81/secret"))" == "http://[::1]:81")
    }
}
