/// How PCM sound is cut: samples a second, and channels side by side. Samples are
/// 16 bit, signed.
public struct PCMFormat: Sendable, Equatable {
    /// The sample rates that readers take, in hertz.
    public static let sampleRates = 8_000...96_000
    /// The channel counts that readers take: mono and stereo.
    public static let channelCounts = 1...2

    /// Frames a second.
    public var sampleRate: Int
    /// Samples in a frame: 1 is mono, 2 is stereo, left first.
    public var channels: Int

    /// Bytes of one frame: a sample of each channel.
    public var bytesPerFrame: Int { channels * MemoryLayout<Int16>.size }

    /// Takes the numbers as they are; readers check them against the limits above.
    public init(sampleRate: Int, channels: Int = 1) {
        self.sampleRate = sampleRate
        self.channels = channels
    }
}
