import CSpeexDSP

/// Why sound could not be brought to another rate.
public enum ResamplerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A sample rate outside `Resampler.sampleRates`, in hertz.
    case sampleRate(Int)
    /// The library could not allocate its state.
    case outOfMemory
    /// Another failure of the library, in its words; a fault of ours.
    case library(String)

    init(code: Int32) {
        guard code != Int32(RESAMPLER_ERR_ALLOC_FAILED) else {
            self = .outOfMemory
            return
        }
        self = .library(speex_resampler_strerror(code).map { String(cString: $0) } ?? "code \(code)")
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .sampleRate(let rate):
            "cannot resample at \(rate) Hz; a rate must be \(Resampler.sampleRates.lowerBound) to "
                + "\(Resampler.sampleRates.upperBound)"
        case .outOfMemory: "there is no memory for the resampler"
        case .library(let words): "the resampler failed: \(words)"
        }
    }
}
