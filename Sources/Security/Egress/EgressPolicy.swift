/// Which addresses a call going out may go to: the public ones, and what the
/// operator allows besides.
///
/// It judges the address that a connection is about to be made to, after all
/// names are resolved and all notations read; what a URL says is no matter. What
/// is not public follows the IANA registries of special-purpose addresses
/// (iana-ipv4-special-registry and iana-ipv6-special-registry, RFC 6890 and 8190),
/// with the multicast and reserved blocks of the address space registries, what
/// is there only for some protocol (AS112, AMT, 6to4 relays, tunnels), and the
/// metadata services of clouds. Of IPv6, only the global unicast block 2000::/3
/// is public at all.
public struct EgressPolicy: Equatable, Sendable {
    /// The networks that are allowed although they are not public.
    public let allowed: [IPNetwork]

    /// Public addresses, and those in `networks`: the backend next door, a
    /// developer's own machine.
    ///
    /// Where an IPv6 address holds an IPv4 address, allowing the outer one is not
    /// enough: the inner one has to be public or allowed too. So with
    /// `64:ff9b::/96` allowed, a host behind NAT64 reaches the public IPv4 world
    /// and not its own neighbours. IPv4-mapped addresses are allowed where their
    /// IPv4 network is.
    public init(allowing networks: [IPNetwork] = []) {
        allowed = networks
    }

    /// Whether a connection to `address` (4 or 16 bytes, in network order) may be
    /// made; anything of another length may not.
    public func allows(_ address: [UInt8]) -> Bool {
        refusal(address) == nil
    }

    /// Why a connection to `address` (4 or 16 bytes, in network order) must not be
    /// made, as a phrase such as `10.1.2.3 is private (10.0.0.0/8)`; nil where it may.
    public func refusal(_ address: [UInt8]) -> String? {
        guard address.count == 4 || address.count == 16 else { return "\(address.count) bytes are not an IP address" }
        let text = IPText.text(of: address)
        let inner = EmbeddedIPv4.inside(address).lazy.compactMap { refusal($0) }.first
        let isListed = allowed.contains { $0.contains(address) } || isMappedAndListed(address)
        if isListed {
            return inner.map { "\(text) holds an address that is not allowed: \($0)" }
        }
        if let range = SpecialRange.holding(address) {
            return "\(text) is \(range.name) (\(range.network))" + (inner.map { ": \($0)" } ?? "")
        }
        if address.count == 16, address[0] & 0xE0 != 0x20 {
            return "\(text) is not a global unicast address (2000::/3)"
        }
        return inner.map { "\(text) holds an address that is not allowed: \($0)" }
    }

    /// To the system, `::ffff:192.0.2.1` is `192.0.2.1` in another dress.
    private func isMappedAndListed(_ address: [UInt8]) -> Bool {
        guard SpecialRange.mapped.network.contains(address) else { return false }
        let inner = Array(address[12...])
        return allowed.contains { $0.contains(inner) }
    }
}
