import Foundation

/// UUIDs of version 7 (RFC 9562, section 5.7).
public enum UUIDv7 {
    /// Milliseconds of `time`, then its microseconds within the millisecond
    /// (method 3 of section 6.2, so that ids made in one millisecond still
    /// sort), then 62 random bits.
    public static func make(at time: Timestamp, using generator: inout some RandomNumberGenerator) -> UUID {
        let milliseconds = UInt128(UInt64(max(0, time.microseconds / 1000)) & 0xFFFF_FFFF_FFFF)
        let fraction = UInt128(UInt64(max(0, time.microseconds % 1000)) * 4096 / 1000)
        let random = UInt128(generator.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF
        return (milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random).uuid
    }
}
