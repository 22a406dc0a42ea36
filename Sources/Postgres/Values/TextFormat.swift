import Foundation

/// The text formats that need no parser of their own.
enum TextFormat {
    private static let digits = Array("0123456789abcdef".utf8)

    /// A number that the server reads back exactly; infinities and NaN as it
    /// spells them.
    static func double(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return String(value)
    }

    static func bool(_ value: Bool) -> String { value ? "t" : "f" }

    /// `bytea` in hex: `\x` and two digits a byte.
    static func hex(_ value: [UInt8]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "x")]
        text.reserveCapacity(2 + value.count * 2)
        for byte in value {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// Appends a UUID in its usual form, in lower case.
    static func append(_ value: UUID, to buffer: inout [UInt8]) {
        withUnsafeBytes(of: value.uuid) { bytes in
            for (place, byte) in bytes.enumerated() {
                if [4, 6, 8, 10].contains(place) { buffer.append(UInt8(ascii: "-")) }
                buffer.append(digits[Int(byte >> 4)])
                buffer.append(digits[Int(byte & 15)])
            }
        }
    }

    /// The bytes behind hex digits, or nil when one is not a digit.
    static func bytes(hex: UnsafeRawBufferPointer.SubSequence) -> [UInt8]? {
        guard hex.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hex.count / 2)
        var high: UInt8?
        for character in hex {
            guard let digit = digit(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
