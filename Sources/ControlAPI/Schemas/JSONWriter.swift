/// Writes JSON straight into bytes: what is on the hot path is not boxed,
/// reflected or sorted on its way. Commas are its own business; that members
/// stand in objects is the caller's.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether the next value or key follows another one in its container.
    private var follows = false

    init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        container(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    mutating func array(_ body: (inout JSONWriter) -> Void) {
        container(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    private mutating func container(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(open)
        follows = false
        body(&self)
        bytes.append(close)
        follows = true
    }

    /// A member's name; its value comes next.
    mutating func key(_ name: String) {
        separate()
        escape(name)
        bytes.append(UInt8(ascii: ":"))
        follows = false
    }

    mutating func value(_ text: String) {
        separate()
        escape(text)
        follows = true
    }

    mutating func value(_ value: Bool) { self.value(raw: value ? "true" : "false") }

    /// JSON text that is complete in itself.
    mutating func value(raw text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        follows = true
    }

    /// JSON bytes that are complete in themselves.
    mutating func value(raw json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        follows = true
    }

    private mutating func separate() {
        if follows { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func escape(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain = text.utf8.withContiguousStorageIfAvailable { text in
            guard !text.contains(where: Self.needsEscape) else { return false }
            bytes.append(contentsOf: text)
            return true
        }
        if isPlain != true { for byte in text.utf8 { escape(byte) } }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0..<0x20: bytes.append(contentsOf: Self.controlEscape(byte))
        default: bytes.append(byte)
        }
    }

    private static func controlEscape(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0x0A: Array("\\n".utf8)
        case 0x0D: Array("\\r".utf8)
        case 0x09: Array("\\t".utf8)
        default: Array((byte < 0x10 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
        }
    }
}

extension JSONWriter {
    /// The bytes of one object.
    static func object(capacity: Int = 256, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: capacity)
        writer.object(body)
        return writer.bytes
    }

    mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { value(text) } else { value(raw: "null") }
    }

    mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    mutating func member(_ name: String, _ number: some BinaryInteger) {
        key(name)
        value(raw: String(number))
    }

    /// A finite number, or `null`.
    mutating func member(_ name: String, _ number: Double?) {
        key(name)
        value(raw: number.flatMap { $0.isFinite ? String($0) : nil } ?? "null")
    }

    mutating func member(_ name: String, raw json: String) {
        key(name)
        value(raw: json)
    }

    mutating func member(_ name: String, _ texts: [String]) {
        key(name)
        array { writer in for text in texts { writer.value(text) } }
    }

    /// In the order of the names, so that the same map is always the same text.
    mutating func member(_ name: String, _ map: [String: String]) {
        member(name) { writer in
            for (key, text) in map.sorted(by: { $0.key < $1.key }) { writer.member(key, text) }
        }
    }

    mutating func member(_ name: String, _ body: (inout JSONWriter) -> Void) {
        key(name)
        object(body)
    }
}
