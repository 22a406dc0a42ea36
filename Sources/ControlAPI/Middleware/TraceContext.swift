/// A caller's place in a distributed trace: `traceparent` of W3C Trace
/// Context, version 00.
struct TraceContext: Sendable, Equatable {
    /// The field's value as it came.
    let traceparent: String
    /// 32 hexadecimal digits.
    let traceID: String

    /// Nil for anything malformed, which the specification says to ignore.
    init?(_ value: String) {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", zip(parts, [2, 32, 16, 2]).allSatisfy({ $0.isHex(digits: $1) }),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceparent = value
        traceID = String(parts[1])
    }
}

extension Substring {
    fileprivate func isHex(digits: Int) -> Bool {
        utf8.count == digits && utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
