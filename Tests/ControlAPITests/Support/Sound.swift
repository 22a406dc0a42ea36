import Foundation

/// Sound for tests, and the bytes of WAV files, right ones and wrong ones.
enum Sound {
    static func tone(_ frequency: Double = 440, rate: Int = 48_000, milliseconds: Int) -> [Int16] {
        (0..<rate * milliseconds / 1000).map {
            Int16((12_000 * sin(2 * .pi * frequency * Double($0) / Double(rate))).rounded())
        }
    }

    /// The frequency by the rising zero crossings, between the first and the last.
    static func frequency(of samples: [Int16], rate: Int) -> Double {
        let rising = samples.indices.dropFirst().filter { samples[$0 - 1] < 0 && samples[$0] >= 0 }
        guard let first = rising.first, let last = rising.last, last > first else { return 0 }
        return Double(rising.count - 1) * Double(rate) / Double(last - first)
    }

    static func littleEndian(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func bytes(_ samples: [Int16]) -> [UInt8] { samples.flatMap { littleEndian(Int($0), 2) } }

    static func bigEndian(_ samples: [Int16]) -> [UInt8] { samples.flatMap { littleEndian(Int($0), 2).reversed() } }

    static func samples(_ bytes: some Collection<UInt8>) -> [Int16] {
        let bytes = Array(bytes)
        return (0..<bytes.count / 2).map { Int16(truncatingIfNeeded: Int(bytes[2 * $0]) | Int(bytes[2 * $0 + 1]) << 8) }
    }

    static func number(_ bytes: some Collection<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }

    /// A WAV file; `announced` is what its header says of the sound's length.
    static func wav(
        _ samples: [Int16], rate: Int = 48_000, channels: Int = 1, bits: Int = 16, tag: Int = 1, announced: Int? = nil
    ) -> [UInt8] {
        let data = bytes(samples)
        let length = announced ?? data.count
        let frame = channels * bits / 8
        let format =
            littleEndian(tag, 2) + littleEndian(channels, 2) + littleEndian(rate, 4) + littleEndian(rate * frame, 4)
            + littleEndian(frame, 2) + littleEndian(bits, 2)
        return Array("RIFF".utf8) + littleEndian(length + 36, 4) + Array("WAVEfmt ".utf8) + littleEndian(16, 4) + format
            + Array("data".utf8) + littleEndian(length, 4) + data
    }
}
