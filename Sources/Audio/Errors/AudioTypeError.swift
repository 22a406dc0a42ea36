/// What is wrong with a `Content-Type` that should name sound.
public enum AudioTypeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is none.
    case missing
    /// It is not of the form `type/subtype;name=value`.
    case malformed
    /// A well-formed media type that is not read here, in lower case and without
    /// its parameters.
    case unsupported(String)
    /// `audio/L16` without `rate`.
    case missingRate
    /// A parameter that must be a whole number is none.
    case notANumber(String)
    /// A parameter is there twice.
    case repeated(String)
    /// `rate` is outside `PCMFormat.sampleRates`.
    case rateOutOfRange(Int)
    /// `channels` is neither 1 nor 2.
    case channelCount(Int)

    /// One sentence for whoever sent it.
    public var description: String {
        switch self {
        case .missing: "there is no Content-Type; \(Self.advice)"
        case .malformed: "the Content-Type cannot be read; \(Self.advice)"
        case .unsupported(let name): "the Content-Type `\(name)` is not supported; \(Self.advice)"
        case .missingRate:
            "`audio/L16` needs the sample rate as a parameter, for instance `audio/L16;rate=24000;channels=1`"
        case .notANumber(let name): "the parameter `\(name)` of the Content-Type is not a whole number"
        case .repeated(let name): "the parameter `\(name)` is in the Content-Type twice"
        case .rateOutOfRange(let rate):
            "the parameter `rate` of the Content-Type is \(rate); it must be "
                + "\(PCMFormat.sampleRates.lowerBound) to \(PCMFormat.sampleRates.upperBound) (samples a second)"
        case .channelCount(let count):
            "the parameter `channels` of the Content-Type is \(count); it must be 1 (mono) or 2 (stereo)"
        }
    }

    private static let advice = "send `audio/wav`, or `audio/L16;rate=…;channels=…` for raw big-endian samples"
}
