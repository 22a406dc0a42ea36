import Foundation

/// Crockford's base32 of 128 bits: 26 characters, the first at most `7`.
enum CrockfordBase32 {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    static let length = 26

    static func text(of uuid: UUID) -> String {
        var value = UInt128(bigEndianBytes: uuid)
        var characters = [UInt8](repeating: 0, count: length)
        for index in stride(from: length - 1, through: 0, by: -1) {
            characters[index] = alphabet[Int(value & 31)]
            value >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// Only the canonical form: upper case, no stand-ins for look-alikes.
    static func uuid(from text: some StringProtocol) -> UUID? {
        guard text.utf8.count == length, let first = text.utf8.first, first <= UInt8(ascii: "7") else { return nil }
        var value: UInt128 = 0
        for character in text.utf8 {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
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
        var bytes = UUID().uuid
        withUnsafeMutableBytes(of: &bytes) { buffer in
            for index in 0..<16 { buffer[index] = UInt8(truncatingIfNeeded: self >> (8 * (15 - index))) }
        }
        return UUID(uuid: bytes)
    }
}
