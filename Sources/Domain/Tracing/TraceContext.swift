/// A place in a distributed trace: `traceparent` of W3C Trace Context, version
/// 00. The one in force goes with the task, so that whatever comes of a call
/// (log lines, events, calls going out) can be found under its trace.
public struct TraceContext: Sendable, Equatable {
    /// The trace that the running task belongs to; nil outside any.
    @TaskLocal public static var current: TraceContext?

    /// 32 hexadecimal digits, not all zero.
    public let traceID: String
    /// 16 hexadecimal digits, not all zero: who calls.
    public let spanID: String
    /// Two hexadecimal digits; `01`: the caller records the trace.
    public let flags: String

    /// Reads the header field. Nil for anything malformed, which the
    /// specification says to ignore.
    public init?(_ value: String) {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", zip(parts, [2, 32, 16, 2]).allSatisfy({ $0.isHex(digits: $1) }),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        flags = String(parts[3])
    }

    private init(traceID: String, spanID: String, flags: String) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// A trace that begins here, not recorded by anybody as far as we know.
    public static func start() -> TraceContext {
        TraceContext(traceID: .quickHex() + .quickHex(), spanID: .quickHex(), flags: "00")
    }

    /// The same trace with a place of its own: what a call going out carries.
    public func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: .quickHex(), flags: flags)
    }

    /// The value of the header field.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(flags)" }
}

extension Substring {
    fileprivate func isHex(digits: Int) -> Bool {
        utf8.count == digits && utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
