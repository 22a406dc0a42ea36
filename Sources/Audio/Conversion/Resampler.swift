import Synchronization

/// Brings mono sound of one sample rate to another, piece by piece, over libspeexdsp.
///
/// The output lies on the input: the filter's delay at the start is taken away and
/// `flush` gives what it holds back at the end, so that all in all
/// round(input × to / from) samples come out. Where the pieces are cut makes no
/// difference. Equal rates pass through untouched.
///
/// May be used from any task; calls to one resampler take turns, and their order is
/// the caller's affair.
public final class Resampler: Sendable {
    /// The rates that it takes, in hertz.
    public static let sampleRates = 1_000...192_000
    /// The library's "desktop" quality, 0…10. Measured: images and aliases are more
    /// than 100 dB down, beyond what 16 bits hold, and it is flat to 85 % of the half
    /// of the lower rate. Lower ones (3: 87 dB) are audible in principle; higher ones
    /// only widen what is flat (7: to 90 %), for 1.6 times the work (5: 10 to 60 µs for
    /// 20 ms of sound) and the delay (5: at most 5 ms).
    public static let quality = 5

    /// Samples a second of what goes in.
    public let inputRate: Int
    /// Samples a second of what comes out.
    public let outputRate: Int
    /// nil for equal rates.
    private let state: Mutex<ResamplerState>?

    /// Throws where a rate is out of range, or the library has no memory.
    public init(from inputRate: Int, to outputRate: Int) throws(ResamplerError) {
        for rate in [inputRate, outputRate] where !Self.sampleRates.contains(rate) { throw .sampleRate(rate) }
        self.inputRate = inputRate
        self.outputRate = outputRate
        guard inputRate != outputRate else {
            state = nil
            return
        }
        state = Mutex(try ResamplerState(from: inputRate, to: outputRate, quality: Int32(Self.quality)))
    }

    /// The next samples; gives what can be told of them by now, which is a few
    /// milliseconds less. Memory in proportion to the piece.
    public func process(_ samples: [Int16]) throws(ResamplerError) -> [Int16] {
        guard state != nil else { return samples }
        return try state?.withLock { (state) throws(ResamplerError) in try state.process(samples) } ?? []
    }

    /// The rest, when the sound is over. Afterwards the resampler is as new.
    public func flush() throws(ResamplerError) -> [Int16] {
        try state?.withLock { (state) throws(ResamplerError) in try state.flush() } ?? []
    }
}
