/// Reads raw 16-bit samples, high byte first, as `audio/L16` has them (RFC 2586;
/// channels interleaved as in RFC 3551, section 4.1).
public struct L16Reader: PCMReader {
    public let format: PCMFormat?
    private var assembler: FrameAssembler
    private var receivedBytes = 0

    /// `format` is what the content type says; throws where its rate or channels
    /// are outside the limits of `PCMFormat`.
    public init(format: PCMFormat) throws(AudioTypeError) {
        guard PCMFormat.sampleRates.contains(format.sampleRate) else { throw .rateOutOfRange(format.sampleRate) }
        guard PCMFormat.channelCounts.contains(format.channels) else { throw .channelCount(format.channels) }
        self.format = format
        assembler = FrameAssembler(bytesPerFrame: format.bytesPerFrame, order: .big)
    }

    public var announcedFrames: Int? { nil }

    public var isComplete: Bool { false }

    public mutating func read(_ bytes: RawSpan) throws(AudioDataError) -> [Int16] {
        receivedBytes += bytes.byteCount
        return assembler.samples(from: bytes)
    }

    public mutating func finish() throws(AudioDataError) {
        guard receivedBytes > 0 else { throw .empty }
        guard assembler.isAtFrameBorder else { throw .halfSample(bytesPerFrame: assembler.bytesPerFrame) }
    }
}
