/// What lies between a sound and the frame that holds it, besides the network.
///
/// Calibrated with `SoundMeasurements` against LiveKit's own SDK, on a quiet
/// machine and the loopback: what a microphone gives is 49…61 ms behind a packet
/// that its participant sends at the first sample, where the jitter buffer holds
/// 31…40 ms by the core's figures; what we play is heard 44…53 ms after our
/// queue ran empty. So the constant is 20 ms, whatever it is made of (collecting a packet
/// of 20 ms, the codec's look-ahead, the frame's own length, less what the
/// jitter buffer's figure counts of these).
enum AudioDelays {
    private static let constant = Duration.milliseconds(20)
    /// A jitter buffer that nobody has measured. LiveKit's clients settle at 30
    /// ms on a quiet network and at more on others; to be told late that
    /// somebody has fallen silent is better than too early.
    private static let usualJitterBuffer = Duration.milliseconds(35)
    private static let shortest = Duration.milliseconds(20)
    private static let longest = Duration.milliseconds(500)

    /// How far a received track's frames lag behind its participant's calls,
    /// from the mean delay of its jitter buffer.
    static func lag(jitterBuffer: Duration) -> Duration { clamp(jitterBuffer + constant) }

    /// What an RPC takes to its handler over a bare packet, and a sleep over its
    /// time: what is told at the end of a speech is on its way for so long.
    /// From the hand-over test (`Tests/e2e`, 30 speeches, quiet machine), a few
    /// milliseconds on the late side: to be told early is worse.
    private static let telling = Duration.milliseconds(27)

    /// How long after a sample has left our queue its listeners are to be told
    /// that it was heard, to have both at once; their jitter buffers are taken
    /// to be like ours.
    static func listeners(jitterBuffer: Duration?) -> Duration {
        clamp((jitterBuffer ?? usualJitterBuffer) + constant - telling)
    }

    private static func clamp(_ delay: Duration) -> Duration { min(max(delay, shortest), longest) }
}
