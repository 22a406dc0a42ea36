import Synchronization

/// Random numbers for what has to be told apart and is no secret: requests and
/// traces. One atomic step of a counter, scrambled (the finaliser of SplitMix64),
/// where the system's own generator would be a system call for every number.
struct QuickRandom: RandomNumberGenerator {
    private static let counter: Atomic<UInt64> = {
        var system = SystemRandomNumberGenerator()
        return Atomic(system.next())
    }()
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        var value = Self.counter.wrappingAdd(Self.step, ordering: .relaxed).newValue
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

extension String {
    /// 16 random hexadecimal digits, not all zero.
    static func quickHex() -> String {
        var generator = QuickRandom()
        let value = Swift.max(1, generator.next())
        return String(unsafeUninitializedCapacity: 16) { digits in
            for place in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(place))) & 0xF
                digits[place] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return 16
        }
    }
}
