/// Writes WAV files of mono, 16-bit linear PCM.
public enum WAVWriter {
    /// Bytes of a header.
    public static let headerByteCount = 44

    /// The header of a file of `frames` samples at `sampleRate` hertz.
    ///
    /// Without `frames` it is that of a stream whose length nobody knows yet: both
    /// sizes are 0xFFFFFFFF, as ffmpeg writes them to a pipe. Readers take that for
    /// "until the end", also those that do not know the custom, since they stop where
    /// the bytes do (sox warns, Python's `wave` reads on to the end); 0 would be an
    /// empty file to many of them. The same where
    /// `frames` are more than the sizes of a WAV file can say.
    public static func header(sampleRate: Int, frames: Int?) -> [UInt8] {
        let limit = (Int(WAVSizes.unknown) - headerByteCount) / 2
        let dataBytes = frames.flatMap { (0...limit).contains($0) ? UInt32($0 * 2) : nil }
        var header = [UInt8]()
        header.reserveCapacity(headerByteCount)
        header += "RIFF".utf8
        append(dataBytes.map { $0 + UInt32(headerByteCount) - 8 } ?? WAVSizes.unknown, to: &header)
        header += "WAVEfmt ".utf8
        append(UInt32(16), to: &header)
        append(UInt16(1), to: &header)  // linear PCM
        append(UInt16(1), to: &header)  // channels
        append(UInt32(clamping: sampleRate), to: &header)
        append(UInt32(clamping: sampleRate * 2), to: &header)  // bytes a second
        append(UInt16(2), to: &header)  // bytes a frame
        append(UInt16(16), to: &header)  // bits a sample
        header += "data".utf8
        append(dataBytes ?? WAVSizes.unknown, to: &header)
        return header
    }

    /// A whole file.
    public static func file(_ samples: [Int16], sampleRate: Int) -> [UInt8] {
        header(sampleRate: sampleRate, frames: samples.count) + PCMBytes.bytes(of: samples)
    }

    private static func append(_ number: some FixedWidthInteger, to header: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { header.append(contentsOf: $0) }
    }
}
