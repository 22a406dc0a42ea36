/// Sound as it is inside Turngate: mono PCM16, 48,000 samples a second, in
/// frames of 20 ms. LiveKit's core resamples on the way in and out.
public struct AudioFrame: Sendable, Equatable {
    /// Samples a second.
    public static let sampleRate = 48_000
    /// Samples of a whole frame.
    public static let sampleCount = 960
    /// How long a frame lasts.
    public static let duration = Duration.milliseconds(20)

    /// `sampleCount` samples.
    public var samples: [Int16]

    /// Takes exactly `sampleCount` samples: fewer are filled up with silence,
    /// what is more is cut off.
    public init(_ samples: [Int16]) {
        switch samples.count {
        case Self.sampleCount: self.samples = samples
        case ..<Self.sampleCount:
            self.samples = samples + [Int16](repeating: 0, count: Self.sampleCount - samples.count)
        default: self.samples = Array(samples.prefix(Self.sampleCount))
        }
    }

    /// A frame in which nothing is to be heard.
    public static let silence = AudioFrame([])
}

/// Takes the frames of one track, in order, on a thread of the room's own; must
/// not block and must not wait.
public typealias AudioSink = @Sendable (AudioFrame) -> Void

/// The agent's own audio track in a room.
///
/// Calls may come from any task; frames are played in the order of `play`.
public protocol RoomVoice: AnyObject, Sendable {
    /// Waits until a participant has subscribed to the track, or `limit` is
    /// over; says whether one has. What is played before nobody hears.
    func awaitListener(within limit: Duration) async -> Bool
    /// Queues a frame behind those that wait. Returns when the queue has room
    /// for another: at most about 100 ms wait in it, so that `clear` leaves
    /// little to be heard.
    func play(_ frame: AudioFrame) async throws(RoomError)
    /// How long what is queued will still sound; zero when everything was sent.
    var backlog: Duration { get }
    /// Throws away what is queued; what was sent cannot be had back.
    func clear() throws(RoomError)
    /// Nobody hears a muted track. The core's encoder runs all the same: an
    /// open voice costs about 2.5 % of a processor's core, muted or not.
    func setMuted(_ muted: Bool) throws(RoomError)
    /// How long after a sample has left the queue its listeners have to be told,
    /// by RPC, to learn of it as they hear it, as far as this end can tell:
    /// encoding and their jitter buffers, less what the telling takes. The network
    /// is not in it, since both travel the same way.
    func listenersDelay() async -> Duration
    /// Takes the track back. Idempotent.
    func close() async
}
