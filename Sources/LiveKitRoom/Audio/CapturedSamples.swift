import Domain

/// A frame's samples at an address of their own, until the core has said that
/// it is done with them.
///
/// `@unchecked Sendable`: written by `init` only, and nobody but the core reads
/// them.
final class CapturedSamples: @unchecked Sendable {
    private let samples: UnsafeMutableBufferPointer<Int16>

    init(_ frame: AudioFrame) {
        samples = .allocate(capacity: frame.samples.count)
        _ = samples.initialize(from: frame.samples)
    }

    /// How the core is told of them.
    var info: WireAudioFrameBufferInfo {
        .with {
            $0.dataPtr = UInt64(UInt(bitPattern: samples.baseAddress))
            $0.numChannels = 1
            $0.sampleRate = UInt32(AudioFrame.sampleRate)
            $0.samplesPerChannel = UInt32(samples.count)
        }
    }

    deinit { samples.deallocate() }
}
