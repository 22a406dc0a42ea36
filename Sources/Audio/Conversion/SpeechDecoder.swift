import Synchronization

/// Makes mono sound at one rate of the bytes of a body, while they come.
///
/// Memory is in proportion to the piece (at most about 12 bytes for each of its
/// bytes: 8 to 48 kHz): cut the body into pieces of a bounded size. May be used
/// from any task; the order of the calls is the caller's affair.
public final class SpeechDecoder: Sendable {
    private struct State {
        var reader: any PCMReader
        var resampler: Resampler?
        var givenSamples = 0
    }

    /// Samples a second of what comes out.
    public let sampleRate: Int
    private let state: Mutex<State>

    /// A decoder for bodies of `type`, to `sampleRate` hertz. Throws an
    /// `AudioTypeError` or a `ResamplerError` where a rate is out of range.
    public init(_ type: AudioType, sampleRate: Int = 48_000) throws {
        guard Resampler.sampleRates.contains(sampleRate) else { throw ResamplerError.sampleRate(sampleRate) }
        self.sampleRate = sampleRate
        switch type {
        case .wav: state = Mutex(State(reader: WAVReader()))
        case .l16(let format): state = Mutex(State(reader: try L16Reader(format: format)))
        }
    }

    /// What is being read; nil until the bytes have told.
    public var format: PCMFormat? { state.withLock(\.reader.format) }

    /// How long the sound will be, as far as its header says.
    public var announcedDuration: Duration? {
        state.withLock { state in
            guard let frames = state.reader.announcedFrames, let rate = state.reader.format?.sampleRate else {
                return nil
            }
            return Self.duration(frames, at: rate)
        }
    }

    /// How much sound has come out so far.
    public var decodedDuration: Duration {
        let samples = state.withLock(\.givenSamples)
        return Self.duration(samples, at: sampleRate)
    }

    /// Whether all that the header promised is there; what follows is passed over.
    public var isComplete: Bool { state.withLock(\.reader.isComplete) }

    /// Takes the next bytes and gives the mono samples that can be told by now.
    /// Throws an `AudioDataError` where the bytes are at fault, and a
    /// `ResamplerError` where we are.
    public func decode(_ bytes: [UInt8]) throws -> [Int16] {
        try state.withLock { state in
            let samples = try state.reader.read(bytes)
            guard !samples.isEmpty, let format = state.reader.format else { return [] }
            let resampler = try state.resampler ?? Resampler(from: format.sampleRate, to: sampleRate)
            state.resampler = resampler
            let decoded = try resampler.process(format.channels == 2 ? Downmix.mono(samples) : samples)
            state.givenSamples += decoded.count
            return decoded
        }
    }

    /// To be called once, when the body is over: gives the last samples, or throws
    /// the `AudioDataError` that says what the body lacks.
    public func finish() throws -> [Int16] {
        try state.withLock { state in
            try state.reader.finish()
            let tail = try state.resampler?.flush() ?? []
            state.givenSamples += tail.count
            return tail
        }
    }

    /// In two parts, since microseconds times samples can be many.
    private static func duration(_ samples: Int, at rate: Int) -> Duration {
        .seconds(samples / rate) + .microseconds((samples % rate) * 1_000_000 / rate)
    }
}
