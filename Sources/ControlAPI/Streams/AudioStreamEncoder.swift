import Audio
import Domain

/// Makes one answer's bytes of the frames that pass the gate.
struct AudioStreamEncoder: Sendable {
    /// What goes out before anybody has spoken: a WAV's header, or nothing.
    let head: [UInt8]
    private let resampler: Resampler

    init(_ format: AudioStreamFormat) throws(ResamplerError) {
        head = format.container == .wav ? WAVWriter.header(sampleRate: format.sampleRate, frames: nil) : []
        resampler = try Resampler(from: AudioFrame.sampleRate, to: format.sampleRate)
    }

    /// The next bytes; a few milliseconds stay in the filter until more comes.
    func bytes(of frames: [AudioFrame]) throws(ResamplerError) -> [UInt8] {
        PCMBytes.bytes(of: try resampler.process(frames.flatMap(\.samples)))
    }

    /// The last bytes.
    func tail() throws(ResamplerError) -> [UInt8] { PCMBytes.bytes(of: try resampler.flush()) }
}
