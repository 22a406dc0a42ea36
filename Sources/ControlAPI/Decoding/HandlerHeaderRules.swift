/// The name of a header field that goes with a handler's calls: a token (RFC
/// 9110, section 5.1), and none that the call makes itself.
struct HandlerHeaderNameRule: TextChecking {
    func problem(with text: String) -> String? {
        if let problem = Self.length.problem(with: text) { return problem }
        guard text.utf8.allSatisfy(Self.isToken) else { return "is not a header field's name" }
        let name = text.lowercased()
        let isReserved = Self.reserved.contains(name) || Self.reservedPrefixes.contains { name.hasPrefix($0) }
        return isReserved ? "is reserved for the call itself" : nil
    }

    private static let length = TextRule(length: 1...128)

    /// What says where a message ends and whom it is for, what the body is, and
    /// which trace the call belongs to.
    private static let reserved: Set<String> = [
        "accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "date",
        "expect", "host", "keep-alive", "te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade",
        "user-agent",
    ]

    private static let reservedPrefixes = ["proxy-", "webhook-"]

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// The value of such a field: visible ASCII, spaces and tabs only inside. Its
/// problems never show the value, which may be a credential.
struct HandlerHeaderValueRule: TextChecking {
    func problem(with text: String) -> String? {
        if let problem = Self.length.problem(with: text) { return problem }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            return "must hold visible ASCII characters, spaces and tabs only"
        }
        let edges = [text.utf8.first, text.utf8.last]
        return edges.contains { $0 == 0x20 || $0 == 0x09 } ? "must not begin or end with a space" : nil
    }

    private static let length = TextRule(length: 1...Limits.headerValue, characters: .any)
}
