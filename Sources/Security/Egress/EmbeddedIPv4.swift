/// The IPv4 addresses that some IPv6 addresses carry inside: a tunnel or a
/// translator on the way would send the call there.
enum EmbeddedIPv4 {
    /// The addresses inside `address`, each of 4 bytes; none for IPv4 and for
    /// plain IPv6.
    static func inside(_ address: [UInt8]) -> [[UInt8]] {
        guard address.count == 16 else { return [] }
        let tail = Array(address[12...])
        switch Array(address[..<12]) {
        case zeros(12):
            // `::` and `::1` are addresses of their own right.
            return tail == [0, 0, 0, 0] || tail == [0, 0, 0, 1] ? [] : [tail]
        case zeros(10) + [0xFF, 0xFF], zeros(8) + [0xFF, 0xFF, 0, 0], [0, 0x64, 0xFF, 0x9B] + zeros(8):
            return [tail]
        default:
            return inTunnel(address) ?? (isISATAP(address) ? [tail] : [])
        }
    }

    private static func inTunnel(_ address: [UInt8]) -> [[UInt8]]? {
        // 6to4, RFC 3056.
        if address.starts(with: [0x20, 0x02]) { return [Array(address[2..<6])] }
        // Teredo, RFC 4380: the server, and the client with its bits turned.
        if address.starts(with: [0x20, 0x01, 0, 0]) { return [Array(address[4..<8]), address[12...].map { ~$0 }] }
        guard address.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 1]) else { return nil }
        // A local NAT64 (RFC 8215) mostly has a prefix of 96 bits; where it has one
        // of 48, the address is wrapped around the ninth byte (RFC 6052).
        let isLong = address[6..<12].allSatisfy { $0 == 0 }
        return [isLong ? Array(address[12...]) : [address[6], address[7], address[9], address[10]]]
    }

    /// RFC 5214: an interface identifier that is made from an IPv4 address.
    private static func isISATAP(_ address: [UInt8]) -> Bool {
        [[0, 0, 0x5E, 0xFE], [2, 0, 0x5E, 0xFE]].contains(Array(address[8..<12]))
    }

    private static func zeros(_ count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: count)
    }
}
