/// Samples as bytes and back, low byte first, as WAV and raw PCM have them. One copy
/// on a little-endian machine.
public enum PCMBytes {
    /// Two bytes for each sample.
    public static func bytes(of samples: [Int16]) -> [UInt8] {
        guard ByteOrder.host == .little else { return bytes(asTheyLie: samples.map(\.byteSwapped)) }
        return bytes(asTheyLie: samples)
    }

    /// The sample of each two bytes; a single byte at the end is left out.
    public static func samples(of bytes: [UInt8]) -> [Int16] {
        var assembler = FrameAssembler(bytesPerFrame: MemoryLayout<Int16>.size, order: .little)
        return assembler.samples(from: bytes.span.bytes)
    }

    private static func bytes(asTheyLie samples: [Int16]) -> [UInt8] {
        samples.withUnsafeBytes { Array($0) }
    }
}
