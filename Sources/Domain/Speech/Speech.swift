/// Something for the agent to say.
public struct Speech: Sendable, Equatable {
    /// `spc_…`
    public var id: SpeechID
    /// Where it stands.
    public var status: Status
    /// How long it is, in milliseconds; what came of it so far while its
    /// upload lasts.
    public var durationMs: Int64
    /// How much of it was played, in milliseconds.
    public var playedMs: Int64
    /// When it was taken.
    public var createdAt: Timestamp
    /// When its first frame was played; nil until then.
    public var startedAt: Timestamp?
    /// When it was over; nil until then.
    public var endedAt: Timestamp?

    public init(id: SpeechID, createdAt: Timestamp) {
        self.id = id
        self.createdAt = createdAt
        status = .queued
        durationMs = 0
        playedMs = 0
    }

    /// Where a speech stands.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// Others are played before it, or the voice is being published.
        case queued
        case playing
        /// Played to its end.
        case completed
        /// Stopped before its end.
        case interrupted
        /// Its upload broke off, or the room was lost.
        case failed
    }
}

/// What a speech is made of, as it comes in.
public protocol SpeechSource: Sendable {
    /// The next samples, mono PCM16 at `AudioFrame.sampleRate`, any number of
    /// them; nil at the end. What it throws ends the speech and is the call's
    /// own answer. Waits as long as its upload's bounds let it.
    func next() async throws -> [Int16]?
}

/// What an interruption came to.
public struct SpeechInterruption: Sendable, Equatable {
    /// The speech that was being played; nil: there was none.
    public var speech: Speech?
    /// How many that waited were dropped too.
    public var dropped: Int

    public init(speech: Speech?, dropped: Int) {
        self.speech = speech
        self.dropped = dropped
    }
}
