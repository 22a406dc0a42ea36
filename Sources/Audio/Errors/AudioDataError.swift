/// What is wrong with the bytes of a body of sound.
public enum AudioDataError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not one byte came.
    case empty
    /// The first bytes are not those of a WAV file; `looksLike` names what they
    /// are known to begin.
    case notWAV(looksLike: String?)
    /// The body ended before the sound began.
    case truncatedHeader(byteCount: Int)
    /// The sound does not begin within the limit, in bytes.
    case headerTooLong(limitInBytes: Int)
    /// The chunk `data` comes before `fmt `.
    case missingFormat
    /// The chunk `fmt ` contradicts itself or is too short.
    case brokenFormat(reason: String)
    /// Not linear PCM; `tag` is the WAVE format tag, `name` what it is called.
    case encoding(tag: Int, name: String?)
    /// PCM of another width than 16 bits.
    case bitsPerSample(Int)
    /// Neither mono nor stereo.
    case channelCount(Int)
    /// Outside `PCMFormat.sampleRates`, in hertz.
    case sampleRate(Int)
    /// All is well but there is no sound.
    case noSamples
    /// The body ended before all that the header promised was there.
    case truncatedData(announcedBytes: Int, receivedBytes: Int)
    /// The sound ends within a sample, or within a frame of two samples.
    case halfSample(bytesPerFrame: Int)

    /// One sentence for whoever sent it; nothing of the content is in it.
    public var description: String {
        switch self {
        case .empty: "the body is empty; it must hold sound"
        case .notWAV(let known):
            known.map { "the body is not a WAV file: it starts like \($0)" }
                ?? "the body is not a WAV file: it does not start with `RIFF` and `WAVE`"
        case .truncatedHeader(let count): "the WAV file ends within its header, after \(count) bytes"
        case .headerTooLong(let limit): "the WAV file's sound does not begin within its first \(limit) bytes"
        case .missingFormat: "the WAV file's chunk `data` comes before its chunk `fmt `"
        case .brokenFormat(let reason): "the WAV file's chunk `fmt ` is broken: \(reason)"
        case .encoding(let tag, let name):
            "the WAV file holds \(name ?? "an encoding of the tag \(tag)"); it must be 16-bit linear PCM"
        case .bitsPerSample(let bits): "the WAV file has \(bits) bits a sample; it must have 16"
        case .channelCount(let count): "the WAV file has \(count) channels; it must have 1 (mono) or 2 (stereo)"
        case .sampleRate(let rate):
            "the WAV file has \(rate) samples a second; it must have "
                + "\(PCMFormat.sampleRates.lowerBound) to \(PCMFormat.sampleRates.upperBound)"
        case .noSamples: "there is no sound in the body: it has no samples"
        case .truncatedData(let announced, let received):
            "the body ends too soon: its header promises \(announced) bytes of sound, and \(received) came"
        case .halfSample(let frame):
            "the sound ends in the middle of a \(frame == 2 ? "sample" : "frame"): its size in bytes must be "
                + "a multiple of \(frame)"
        }
    }
}
