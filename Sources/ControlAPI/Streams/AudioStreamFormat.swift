/// How a reader gets the gated audio: mono PCM16, little-endian.
struct AudioStreamFormat: Sendable, Equatable {
    /// What the samples come in.
    enum Container: String, Sendable, CaseIterable {
        /// A WAV header of unknown length, then the samples.
        case wav
        /// The samples alone: s16le.
        case pcm
    }

    var container: Container
    /// Samples a second.
    var sampleRate: Int

    /// The answer's `Content-Type`. Raw samples are not `audio/L16`, which is
    /// big-endian; the type is the one that GStreamer's and Kaldi's servers use.
    var contentType: String {
        switch container {
        case .wav: "audio/wav"
        case .pcm: "audio/x-raw;format=S16LE;rate=\(sampleRate);channels=1"
        }
    }

    /// What `Accept` may call it, the right name first.
    var mediaTypes: [String] {
        switch container {
        case .wav: ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"]
        case .pcm: ["audio/x-raw", "application/octet-stream"]
        }
    }
}
