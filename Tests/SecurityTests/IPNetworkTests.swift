import Testing

@testable import Security

struct IPNetworkTests {
    @Test(arguments: [
        ("127.0.0.1/32", "127.0.0.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("::1/128", "::1/128"), ("::1", "::1/128"),
        ("192.0.2.7", "192.0.2.7/32"), (" fd00::/8\n", "fd00::/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("::/0", "::/0"),
        ("2001:DB8:0:0::/32", "2001:db8::/32"), ("172.16.0.0/12", "172.16.0.0/12"), ("10.0.0.2/31", "10.0.0.2/31"),
        ("64:ff9b::/96", "64:ff9b::/96"),
    ])
    func text_ofANetwork_isRead(text: String, expected: String) throws {
        #expect(try IPNetwork(text).description == expected)
        #expect(try IPNetwork(expected) == IPNetwork(text))
    }

    @Test(arguments: [
        "", " ", "/8", "localhost", "10.0.0/8", "10", "010.0.0.0/8", "0x7f.0.0.1", "2130706433", "1.2.3.4.5",
        "256.1.1.1",
        "::1%lo", "[::1]", ":::", "1::2::3", "fe80::/10/3", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/08", "10.0.0.0/ 8", "10.0.0.0/٨", "::/129", "::/1000000000000000000000", "10.0.0.1/8", "::1/127",
        "fe80::1/10", "::ffff:127.0.0.1", "::ffff:0:0/96", "10.0.0.0\0/8",
    ])
    func text_thatIsNoNetwork_isRefusedWithASentence(text: String) {
        let error = #expect(throws: IPNetworkError.self) { try IPNetwork(text) }
        #expect(error.map { $0.description.count > 20 && $0.description.count < 200 } == true)
    }

    @Test func error_namesTheNetworkThatWasMeant() {
        #expect(throws: IPNetworkError.bitsBeyondPrefix("10.1.2.3/8", meant: "10.0.0.0/8")) {
            try IPNetwork("10.1.2.3/8")
        }
        let long = String(repeating: "x", count: 10_000)
        let error = #expect(throws: IPNetworkError.self) { try IPNetwork(long) }
        #expect(error.map { $0.description.count < 200 } == true)
    }

    @Test func contains_isTrueUpToTheEdgesAndForItsOwnFamilyOnly() throws {
        let twelve = try IPNetwork("172.16.0.0/12")
        #expect(twelve.contains([172, 16, 0, 0]) && twelve.contains([172, 31, 255, 255]))
        #expect(!twelve.contains([172, 15, 255, 255]) && !twelve.contains([172, 32, 0, 0]))
        let all = try IPNetwork("0.0.0.0/0")
        #expect(all.contains([255, 255, 255, 255]) && !all.contains([UInt8](repeating: 0, count: 16)))
        #expect(!all.contains([]) && !all.contains([1, 2, 3]))
        let one = try IPNetwork("::1")
        #expect(one.contains([UInt8](repeating: 0, count: 15) + [1]) && !one.contains([0, 0, 0, 1]))
        let odd = try IPNetwork("2001:db8:8000::/33")
        #expect(odd.contains([0x20, 1, 0xD, 0xB8, 0x80] + [UInt8](repeating: 9, count: 11)))
        #expect(!odd.contains([0x20, 1, 0xD, 0xB8, 0x7F] + [UInt8](repeating: 9, count: 11)))
    }

    @Test func list_isReadWholeOrNotAtAll() throws {
        #expect(try IPNetwork.list(" ") == [])
        #expect(try IPNetwork.list("127.0.0.0/8, ::1").map(\.description) == ["127.0.0.0/8", "::1/128"])
        #expect(throws: IPNetworkError.notAnAddress("")) { try IPNetwork.list("127.0.0.0/8,,::1") }
        #expect(throws: IPNetworkError.notAnAddress("home")) { try IPNetwork.list("127.0.0.0/8,home") }
        let many = Array(repeating: "10.0.0.0/8", count: 257).joined(separator: ",")
        #expect(throws: IPNetworkError.tooMany(limit: 256)) { try IPNetwork.list(many) }
    }
}
