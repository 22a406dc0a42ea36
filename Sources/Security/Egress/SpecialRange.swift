/// A block of addresses that no call going out has business with, and why.
struct SpecialRange: Sendable {
    let network: IPNetwork
    /// What it is, to stand after "is".
    let name: String

    static let mapped = six("an IPv4-mapped address", 96, 0, 0, 0, 0, 0, 0xFFFF)

    /// The first block of the tables that holds `address`, 4 or 16 bytes.
    static func holding(_ address: [UInt8]) -> SpecialRange? {
        (address.count == 4 ? ofIPv4 : ofIPv6).first { $0.network.contains(address) }
    }

    /// Narrower blocks stand before those around them.
    private static let ofIPv4: [SpecialRange] =
        metadataOfIPv4 + [
            four("unspecified", 32, 0),
            four("of this network", 8, 0),
            four("private", 8, 10),
            four("shared by carrier-grade NAT", 10, 100, 64),
            four("loopback", 8, 127),
            four("link-local", 16, 169, 254),
            four("private", 12, 172, 16),
            four("reserved for protocol assignments", 24, 192, 0, 0),
            four("for documentation", 24, 192, 0, 2),
            four("of the AS112 project", 24, 192, 31, 196),
            four("for multicast tunnels", 24, 192, 52, 193),
            four("a 6to4 relay", 24, 192, 88, 99),
            four("private", 16, 192, 168),
            four("of the AS112 project", 24, 192, 175, 48),
            four("for benchmarking", 15, 198, 18),
            four("for documentation", 24, 198, 51, 100),
            four("for documentation", 24, 203, 0, 113),
            four("multicast", 4, 224),
            four("broadcast", 32, 255, 255, 255, 255),
            four("reserved", 4, 240),
        ]

    /// Where clouds hand out credentials to whoever asks from inside. Azure's is
    /// in public address space; the others would fall to a wider block too.
    private static let metadataOfIPv4: [SpecialRange] = [
        four(metadata, 32, 169, 254, 169, 254),
        four(metadata, 32, 169, 254, 170, 2),
        four(metadata, 32, 169, 254, 170, 23),
        four(metadata, 32, 100, 100, 100, 200),
        four(metadata, 32, 192, 0, 0, 192),
        four(metadata, 32, 168, 63, 129, 16),
    ]

    private static let ofIPv6: [SpecialRange] = [
        six(metadata, 128, 0xFD00, 0x0EC2, 0, 0, 0, 0, 0, 0x0254),
        six(metadata, 128, 0xFD00, 0x0EC2, 0, 0, 0, 0, 0, 0x0023),
        six(metadata, 128, 0xFD20, 0x00CE, 0, 0, 0, 0, 0, 0x0254),
        six("unspecified", 128, 0),
        six("loopback", 128, 0, 0, 0, 0, 0, 0, 0, 1),
        mapped,
        six("an IPv4-compatible address", 96, 0),
        six("an IPv4-translated address", 96, 0, 0, 0, 0, 0xFFFF),
        six("an address behind NAT64", 96, 0x64, 0xFF9B),
        six("an address behind a local NAT64", 48, 0x64, 0xFF9B, 1),
        six("for discarding", 64, 0x0100),
        six("a dummy address", 64, 0x0100, 0, 0, 1),
        six("a Teredo tunnel", 32, 0x2001),
        six("for benchmarking", 48, 0x2001, 2),
        six("an ORCHID", 28, 0x2001, 0x0010),
        six("an ORCHID", 28, 0x2001, 0x0020),
        six("reserved for protocol assignments", 23, 0x2001),
        six("for documentation", 32, 0x2001, 0x0DB8),
        six("a 6to4 tunnel", 16, 0x2002),
        six("of the AS112 project", 48, 0x2620, 0x004F, 0x8000),
        six("for documentation", 20, 0x3FFF),
        six("a segment identifier", 16, 0x5F00),
        six("unique-local", 7, 0xFC00),
        six("link-local", 10, 0xFE80),
        six("site-local", 10, 0xFEC0),
        six("multicast", 8, 0xFF00),
    ]

    private static let metadata = "a cloud's metadata service"

    /// A block of IPv4; bytes left out are zero.
    private static func four(_ name: String, _ length: Int, _ bytes: UInt8...) -> SpecialRange {
        let base = bytes + [UInt8](repeating: 0, count: 4 - bytes.count)
        return SpecialRange(network: IPNetwork(base: base, prefixLength: length), name: name)
    }

    /// A block of IPv6 by its groups; those left out are zero.
    private static func six(_ name: String, _ length: Int, _ groups: UInt16...) -> SpecialRange {
        let bytes = groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let base = bytes + [UInt8](repeating: 0, count: 16 - bytes.count)
        return SpecialRange(network: IPNetwork(base: base, prefixLength: length), name: name)
    }
}
