import Domain

extension AudioFrame {
    /// From about −46 dBFS on a frame counts as loud: over the noise that a
    /// browser's noise suppression leaves, under a whisper close to the microphone.
    static let speechThreshold = 0.005

    /// Whether it is loud enough to be speech, by its root mean square.
    var isLoud: Bool {
        var sum: Int64 = 0
        for sample in samples { sum += Int64(sample) * Int64(sample) }
        let threshold = Self.speechThreshold * 32_768
        return Double(sum) / Double(max(samples.count, 1)) >= threshold * threshold
    }
}
