/// What a `Content-Type` says about a body of sound.
public enum AudioType: Sendable, Equatable {
    /// A WAV file; its own header says the rest.
    case wav
    /// Raw 16-bit samples, high byte first (RFC 2586), of this format.
    case l16(PCMFormat)

    /// Reads the value of a `Content-Type` header, in any case and with or without
    /// quotes: `audio/wav` (also `x-wav`, `wave`, `vnd.wave`) or
    /// `audio/L16;rate=24000;channels=1`, where `rate` is required and `channels`
    /// is 1 unless it is given. Parameters that it does not know are passed over.
    /// Throws an `AudioTypeError` that names what is wrong.
    public init(contentType: String?) throws(AudioTypeError) {
        guard let value = try MediaType(contentType ?? "") else { throw .missing }
        switch value.name {
        case "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave": self = .wav
        case "audio/l16": self = .l16(try Self.format(of: value))
        default: throw .unsupported(value.name)
        }
    }

    private static func format(of type: MediaType) throws(AudioTypeError) -> PCMFormat {
        guard let rate = try type.number("rate") else { throw .missingRate }
        guard PCMFormat.sampleRates.contains(rate) else { throw .rateOutOfRange(rate) }
        let channels = try type.number("channels") ?? 1
        guard PCMFormat.channelCounts.contains(channels) else { throw .channelCount(channels) }
        return PCMFormat(sampleRate: rate, channels: channels)
    }
}
