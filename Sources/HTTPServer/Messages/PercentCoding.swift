/// Percent-decoding of a target's parts (RFC 3986 §2.1) that says when it cannot.
enum PercentCoding {
    /// The decoded text, or `nil` when a `%` is not followed by two hexadecimal
    /// digits or the bytes are not UTF-8. NUL is refused too: no name or value has one.
    static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        let raw = text.utf8
        if !raw.contains(where: { $0 == 0x25 || $0 >= 0x80 || (plusIsSpace && $0 == 0x2B) }) { return String(text) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var rest = raw.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case 0x25:
                guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue),
                    high | low != 0
                else { return nil }
                bytes.append(high << 4 | low)
            case 0x2B where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
