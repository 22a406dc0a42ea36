import Foundation

/// A block of IP addresses: a base address and how many of its leading bits count.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The base address: 4 bytes for IPv4, 16 for IPv6, in network order.
    public let bytes: [UInt8]
    /// How many leading bits an address shares with the base to be inside: 0…32 or 0…128.
    public let prefixLength: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or a bare address, which is a block of one.
    /// Spaces around it are left out.
    ///
    /// Only the plain notations are read (four decimal numbers, or the IPv6 of RFC
    /// 4291 without zone): in a list of exceptions to a guard nothing is guessed.
    /// Throws what is wrong, in a sentence for an operator.
    public init(_ text: String) throws(IPNetworkError) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPText.bytes(of: String(parts.first ?? "")) else { throw .notAnAddress(IPText.shown(text)) }
        let width = address.count * 8
        var length = width
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), number <= width else {
                throw .badPrefixLength(IPText.shown(text), most: width)
            }
            length = number
        }
        self.init(base: address, prefixLength: length)
        guard bytes == address else { throw .bitsBeyondPrefix(IPText.shown(text), meant: description) }
        guard !(address.count == 16 && length >= 96 && SpecialRange.mapped.network.contains(address)) else {
            throw .mapped(IPText.shown(text))
        }
    }

    /// Reads networks with commas between them; an empty text holds none. Throws
    /// what is wrong with the first bad one, and `tooMany` over `maximumCount`.
    public static func list(_ text: String) throws(IPNetworkError) -> [IPNetwork] {
        guard !text.allSatisfy(\.isWhitespace) else { return [] }
        var networks: [IPNetwork] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard networks.count < maximumCount else { throw .tooMany(limit: maximumCount) }
            networks.append(try IPNetwork(String(part)))
        }
        return networks
    }

    /// The most networks that `list` takes: each new connection is compared with all.
    public static let maximumCount = 256

    /// A block of this base, whose bits beyond the prefix are cleared.
    init(base: [UInt8], prefixLength: Int) {
        self.prefixLength = prefixLength
        bytes = base.enumerated().map { $1 & Self.mask(ofByte: $0, prefixLength) }
    }

    /// Whether `address`, 4 or 16 bytes in network order, is inside. An address of
    /// the other family never is.
    public func contains(_ address: [UInt8]) -> Bool {
        address.count == bytes.count
            && bytes.indices.allSatisfy { address[$0] & Self.mask(ofByte: $0, prefixLength) == bytes[$0] }
    }

    /// The bits of the byte at `index` that a prefix of this length counts.
    private static func mask(ofByte index: Int, _ prefixLength: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: 0xFF00 >> min(max(prefixLength - index * 8, 0), 8))
    }

    /// `10.0.0.0/8`
    public var description: String { "\(IPText.text(of: bytes))/\(prefixLength)" }

    private static func number(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return text.count > 1 && text.hasPrefix("0") ? nil : Int(text)
    }
}
