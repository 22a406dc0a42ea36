import Foundation

/// Crockford's base32 of 128 bits: 26 characters, the first at most `7`.
enum CrockfordBase32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// The value of each character; 255 where it is none of ours.
    private static let digits = alphabet.enumerated().reduce(into: [UInt8](repeating: 255, count: 256)) {
        $0[Int($1.element)] = UInt8($1.offset)
    }
    static let length = 26

    static func text(of uuid: UUID) -> String {
        var value = UInt128(bigEndianBytes: uuid)
        return String(unsafeUninitializedCapacity: length) { characters in
            for index in stride(from: length - 1, through: 0, by: -1) {
                characters[index] = alphabet[Int(truncatingIfNeeded: value & 31)]
                value >>= 5
            }
            return length
        }
    }

    /// Only the canonical form: upper case, no stand-ins for look-alikes.
    static func uuid(from text: some Collection<UInt8>) -> UUID? {
        guard text.count == length, let first = text.first, first <= UInt8(ascii: "7") else { return nil }
        var value: UInt128 = 0
        for character in text {
            let digit = digits[Int(character)]
            guard digit < 32 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return value.uuid
    }
}

extension UInt128 {
    init(bigEndianBytes uuid: UUID) {
        self = withUnsafeBytes(of: uuid.uuid) { $0.reduce(0) { $0 << 8 | UInt128($1) } }
    }

    var uuid: UUID {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { buffer in
            for index in 0..<16 { buffer[index] = UInt8(truncatingIfNeeded: self >> (8 * (15 - index))) }
        }
        return UUID(uuid: bytes)
    }
}
