/// The chunk `fmt `: WAVEFORMAT, WAVEFORMATEX or WAVEFORMATEXTENSIBLE.
struct WAVFormatChunk {
    private static let shortest = 16
    private static let extensible = (tag: 0xFFFE, byteCount: 40)
    private static let pcm = 1
    /// The sub-format of an extensible chunk is a GUID: the tag, and these bytes.
    private static let guidTail: [UInt8] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
    private static let names = [
        2: "ADPCM (Microsoft)", 3: "floating-point samples", 6: "A-law", 7: "µ-law", 0x11: "ADPCM (IMA)",
        0x31: "GSM 6.10", 0x50: "MPEG audio", 0x55: "MP3", 0xFF: "AAC",
    ]

    private let bytes: [UInt8]

    /// Whether a chunk of this size can be read at all.
    static func check(byteCount: Int) throws(AudioDataError) {
        guard byteCount >= shortest else {
            throw .brokenFormat(reason: "it has \(byteCount) bytes and needs \(shortest)")
        }
    }

    /// Takes the whole chunk without its name and size.
    init(_ bytes: [UInt8]) throws(AudioDataError) {
        try Self.check(byteCount: bytes.count)
        self.bytes = bytes
    }

    /// The format, if it is one of those that are read.
    func format() throws(AudioDataError) -> PCMFormat {
        let tag = try encoding()
        guard tag == Self.pcm else { throw .encoding(tag: tag, name: Self.names[tag]) }
        let bits = WAVSizes.number(in: bytes, at: 14)
        guard bits == 16 else { throw .bitsPerSample(bits) }
        let channels = WAVSizes.number(in: bytes, at: 2)
        guard PCMFormat.channelCounts.contains(channels) else { throw .channelCount(channels) }
        let rate = WAVSizes.size(in: bytes, at: 4)
        guard PCMFormat.sampleRates.contains(rate) else { throw .sampleRate(rate) }
        let format = PCMFormat(sampleRate: rate, channels: channels)
        let frame = WAVSizes.number(in: bytes, at: 12)
        guard frame == format.bytesPerFrame else {
            throw .brokenFormat(
                reason: "it says \(frame) bytes a frame, where \(channels) × 16 bits are \(format.bytesPerFrame)")
        }
        return format
    }

    /// The format tag, for an extensible chunk that of its sub-format.
    private func encoding() throws(AudioDataError) -> Int {
        let tag = WAVSizes.number(in: bytes, at: 0)
        guard tag == Self.extensible.tag else { return tag }
        guard bytes.count >= Self.extensible.byteCount else {
            throw .brokenFormat(
                reason: "it is extensible, has \(bytes.count) bytes and needs \(Self.extensible.byteCount)")
        }
        guard bytes[26..<40].elementsEqual(Self.guidTail) else { return tag }
        return WAVSizes.number(in: bytes, at: 24)
    }
}
