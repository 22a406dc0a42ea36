import Foundation

/// How loud samples are, in dBFS: 0 is a square wave at full scale (a sine at full
/// scale has an RMS of -3), and nothing is below `floor`.
public enum SoundLevel {
    /// The level of silence, and of no samples at all.
    public static let floor = -100.0

    /// The level of the root of the mean square.
    public static func rms(of samples: [Int16]) -> Double {
        guard !samples.isEmpty else { return floor }
        var sum: UInt64 = 0
        // The square of an Int16 is at most 2^30: the sum has room for 2^34 of them.
        for sample in samples { sum &+= UInt64(truncatingIfNeeded: Int32(sample) &* Int32(sample)) }
        return decibels((Double(sum) / Double(samples.count)).squareRoot())
    }

    /// The level of the largest sample, of either sign.
    public static func peak(of samples: [Int16]) -> Double {
        var largest: UInt16 = 0
        for sample in samples { largest = max(largest, sample.magnitude) }
        return decibels(Double(largest))
    }

    private static func decibels(_ amplitude: Double) -> Double {
        guard amplitude > 0 else { return floor }
        return max(floor, 20 * log10(amplitude / 32_768))
    }
}
