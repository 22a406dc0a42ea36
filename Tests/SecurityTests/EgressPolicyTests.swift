import Testing

@testable import Security

struct EgressPolicyTests {
    func address(_ text: String) throws -> [UInt8] {
        try #require(IPText.bytes(of: text), "\(text)")
    }

    /// Each with a word of the reason.
    static let refused: [(String, String)] = [
        ("0.0.0.0", "unspecified"), ("0.0.0.1", "this network"), ("0.255.255.255", "this network"),
        ("10.0.0.0", "private"), ("10.255.255.255", "private"), ("172.16.0.0", "private"),
        ("172.31.255.255", "private"), ("192.168.0.0", "private"), ("192.168.255.255", "private"),
        ("100.64.0.0", "carrier-grade NAT"), ("100.127.255.255", "carrier-grade NAT"), ("127.0.0.0", "loopback"),
        ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"), ("169.254.0.0", "link-local"),
        ("169.254.255.255", "link-local"), ("192.0.0.0", "protocol"), ("192.0.0.255", "protocol"),
        ("192.0.2.1", "documentation"), ("198.51.100.1", "documentation"), ("203.0.113.255", "documentation"),
        ("198.18.0.0", "benchmarking"), ("198.19.255.255", "benchmarking"), ("192.88.99.1", "6to4"),
        ("192.31.196.1", "AS112"), ("192.175.48.1", "AS112"), ("192.52.193.1", "multicast"),
        ("224.0.0.0", "multicast"), ("239.255.255.255", "multicast"), ("240.0.0.0", "reserved"),
        ("255.255.255.254", "reserved"), ("255.255.255.255", "broadcast"), ("169.254.169.254", "metadata"),
        ("169.254.170.2", "metadata"), ("169.254.170.23", "metadata"), ("100.100.100.200", "metadata"),
        ("168.63.129.16", "metadata"), ("192.0.0.192", "metadata"),
        ("::", "unspecified"), ("::1", "loopback"), ("::2", "IPv4-compatible"), ("::127.0.0.1", "loopback"),
        ("::8.8.8.8", "IPv4-compatible"), ("::ffff:127.0.0.1", "loopback"), ("::ffff:10.1.2.3", "private"),
        ("::ffff:8.8.8.8", "IPv4-mapped"), ("::ffff:0:127.0.0.1", "loopback"), ("::ffff:0:8.8.8.8", "translated"),
        ("64:ff9b::127.0.0.1", "loopback"), ("64:ff9b::8.8.8.8", "NAT64"), ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b:1::127.0.0.1", "loopback"), ("64:ff9b:1:7f00:0:100::", "loopback"),
        ("64:ff9b:1:a00:0:100::", "private"), ("64:ff9b:1::8.8.8.8", "local NAT64"), ("64:ff9b:2::1", "unicast"),
        ("100::1", "discarding"), ("100:0:0:1::1", "dummy"), ("100:0:0:2::1", "unicast"), ("200::1", "unicast"),
        ("1fff::1", "unicast"), ("2001::1", "Teredo"), ("2001:0:808:808::80ff:fffe", "loopback"),
        ("2001:0:7f00:1::", "loopback"), ("2001:1::1", "protocol"), ("2001:2::1", "benchmarking"),
        ("2001:3::1", "protocol"), ("2001:10::1", "ORCHID"), ("2001:20::1", "ORCHID"), ("2001:30::1", "protocol"),
        ("2001:1ff:ffff::1", "protocol"), ("2001:db8::1", "documentation"), ("2002:7f00:1::1", "loopback"),
        ("2002:a00:1::", "private"), ("2002:808:808::1", "6to4"), ("2620:4f:8000::1", "AS112"),
        ("3fff::1", "documentation"), ("3fff:fff:ffff::1", "documentation"), ("4000::1", "unicast"),
        ("5f00::1", "segment"), ("8000::1", "unicast"), ("fbff::1", "unicast"), ("fc00::1", "unique-local"),
        ("fdff::1", "unique-local"), ("fd00:ec2::254", "metadata"), ("fd00:ec2::23", "metadata"),
        ("fd20:ce::254", "metadata"), ("fe00::1", "unicast"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
        ("fec0::1", "site-local"), ("feff::1", "site-local"), ("ff00::1", "multicast"), ("ff02::1", "multicast"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"), ("2a00::5efe:10.0.0.1", "private"),
        ("2a00::200:5efe:127.0.0.1", "loopback"), ("fe80::5efe:8.8.8.8", "link-local"),
    ]

    @Test(arguments: refused)
    func address_thatIsNotPublic_isRefusedWithTheReason(text: String, word: String) throws {
        let reason = try #require(EgressPolicy().refusal(address(text)))
        #expect(reason.contains(word), "\(reason)")
        #expect(reason.hasPrefix(IPText.text(of: try address(text))), "\(reason)")
        #expect(try !EgressPolicy().allows(address(text)))
    }

    /// The neighbours of the blocks above among them.
    @Test(arguments: [
        "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255",
        "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "2000::1", "2001:200::1",
        "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "2620:4f:7fff::1", "2a00::1", "3ffe::1",
        "3fff:1000::1", "2a00::5efe:8.8.8.8", "2a00::5eff:10.0.0.1",
    ])
    func address_thatIsPublic_isAllowed(text: String) throws {
        #expect(try EgressPolicy().refusal(address(text)) == nil)
        #expect(try EgressPolicy().allows(address(text)))
    }

    @Test(arguments: [0, 1, 3, 5, 8, 15, 17])
    func bytes_thatAreNoAddress_areRefusedWhateverIsAllowed(count: Int) throws {
        let policy = EgressPolicy(allowing: [try IPNetwork("0.0.0.0/0"), try IPNetwork("::/0")])
        #expect(!policy.allows([UInt8](repeating: 8, count: count)))
    }

    @Test(arguments: [
        // A network lets in what is inside, in IPv4 and in the mapped form of it, and nothing else.
        (
            "127.0.0.0/8", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "8.8.8.8"],
            ["10.0.0.1", "::1", "::127.0.0.1"]
        ),
        ("127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "::ffff:127.0.0.2", "2002:7f00:1::"]),
        ("::1", ["::1"], ["127.0.0.1", "::", "::2"]),
        ("169.254.169.254", ["169.254.169.254"], ["169.254.169.253", "fd00:ec2::254"]),
        ("fd00::/8", ["fd12::1", "fd00:ec2::254"], ["fc00::1", "fe80::1"]),
        // What is inside of an address is judged too.
        ("64:ff9b::/96", ["64:ff9b::8.8.8.8"], ["64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe"]),
        ("64:ff9b::/96,10.0.0.0/8", ["64:ff9b::10.0.0.1"], ["64:ff9b::192.168.0.1"]),
        ("64:ff9b:1::/48", ["64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::"], ["64:ff9b:1:a00:0:100::"]),
        ("2002::/16", ["2002:808:808::1"], ["2002:7f00:1::1"]),
        (
            "::/0", ["::1", "fe80::1", "ff02::1", "2001:0:808:808::f7f7:f7f7"],
            ["::ffff:127.0.0.1", "::127.0.0.1", "127.0.0.1"]
        ),
        ("0.0.0.0/0,::/0", ["::ffff:127.0.0.1", "127.0.0.1", "2002:7f00:1::1", "255.255.255.255", "::"], []),
    ])
    func allowedNetworks_winOverTheRefusal(list: String, allowed: [String], refused: [String]) throws {
        let policy = EgressPolicy(allowing: try IPNetwork.list(list))
        for text in allowed { #expect(try policy.refusal(address(text)) == nil, "\(text)") }
        for text in refused { #expect(try policy.refusal(address(text)) != nil, "\(text)") }
    }
}
