/// What lies between a sound and the frame that holds it, besides the network.
enum AudioDelays {
    /// Of a received track, to the jitter buffer's mean: the sender collects
    /// 20 ms for a packet, and the frame is handed over when its last sample
    /// is there.
    private static let packetizing = Duration.milliseconds(20)
    /// A jitter buffer that nobody has measured: what LiveKit's clients settle
    /// at on a quiet network.
    private static let usualJitterBuffer = Duration.milliseconds(60)
    private static let shortest = Duration.milliseconds(20)
    private static let longest = Duration.milliseconds(500)

    /// How far a received track's frames lag behind its participant's calls.
    static func lag(jitterBuffer: Duration) -> Duration { clamp(jitterBuffer + packetizing) }

    /// How long after a sample has left our queue its listeners hear it; their
    /// jitter buffers are taken to be like ours.
    static func listeners(jitterBuffer: Duration?) -> Duration {
        clamp((jitterBuffer ?? usualJitterBuffer) + packetizing)
    }

    private static func clamp(_ delay: Duration) -> Duration { min(max(delay, shortest), longest) }
}
