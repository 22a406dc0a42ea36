import Foundation

/// Hosts that are IP addresses.
enum NumericHost {
    /// The 4 or 16 bytes of a host that the system's resolver takes as an address
    /// without looking anything up, in all the notations that it knows.
    static func bytes(of host: String) -> [UInt8]? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        guard let address = found.pointee.ai_addr else { return nil }
        let bytes = UnsafeRawBufferPointer(start: address, count: Int(found.pointee.ai_addrlen))
        return OutboundAddress(socketAddress: bytes)?.bytes
    }

    /// Whether the last label is a number, decimal or hexadecimal: the rule by
    /// which browsers tell (broken) addresses from names.
    static func endsInNumber(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last(where: { !$0.isEmpty }) else { return true }
        if last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        return last.hasPrefix("0x") && last.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}
