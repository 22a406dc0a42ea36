/// One participant's turn to speak: from the moment the floor was taken until
/// what was said is handed on, or thrown away.
public struct Turn: Sendable, Equatable {
    /// `turn_…`
    public var id: TurnID
    /// Whose agent listened.
    public var sessionID: SessionID
    /// The turn's number in its session, from 1 without holes. Whoever ends a
    /// turn names it by id or epoch, so that a late call cannot hit the next.
    public var epoch: Int64
    /// The identity of who has (had) the floor.
    public var holder: String
    /// Where it stands.
    public var status: Status
    /// What it came to; nil until it has ended.
    public var outcome: Outcome?
    /// By what it ended; nil until its end has begun.
    public var endReason: EndReason?
    /// When the floor was taken.
    public var startedAt: Timestamp
    /// When its outcome was known, never before `startedAt`; nil until then.
    public var endedAt: Timestamp?
    /// How it was started: `rpc` by the participant, `api` by the backend.
    public var startCause: TransitionCause
    /// The participant's identity, the API key's name, or nil.
    public var startActor: String?
    /// What passed the gate in it.
    public var audio: TurnAudioCounts
    /// Whether its audio is there to be had as a WAV.
    public var audioKept: Bool

    public init(
        id: TurnID, sessionID: SessionID, epoch: Int64, holder: String, startedAt: Timestamp,
        startCause: TransitionCause, startActor: String?
    ) {
        self.id = id
        self.sessionID = sessionID
        self.epoch = epoch
        self.holder = holder
        self.startedAt = startedAt
        self.startCause = startCause
        self.startActor = startActor
        status = .active
        audio = TurnAudioCounts()
        audioKept = false
    }

    /// Where a turn stands.
    public enum Status: String, Sendable, Codable, CaseIterable {
        /// The holder has the floor.
        case active
        /// It was ended; the last words are still on their way.
        case ending
        /// It has its outcome.
        case ended
    }

    /// What a turn came to.
    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// Ended with speech in it.
        case committed
        /// Ended, and nothing that could be speech had passed the gate.
        case empty
        /// Taken back: what was said is not to be used.
        case cancelled
        /// It reached `max_turn_ms`.
        case timedOut = "timed_out"
        /// A backend took the floor for somebody else.
        case preempted
        /// Its holder left the room.
        case holderLeft = "holder_left"
    }

    /// What brought a turn to its end.
    public enum EndReason: String, Sendable, Codable, CaseIterable {
        case endTurn = "end_turn"
        case cancelTurn = "cancel_turn"
        case maxTurn = "max_turn"
        case preempted
        case holderLeft = "holder_left"
        /// The holder muted and did not come back within the grace.
        case holderMuted = "holder_muted"
        /// The holder took its track away and brought no other within the grace.
        case holderUnpublished = "holder_unpublished"
        /// The session's end, or the end of its process.
        case sessionEnded = "session_ended"
        /// The policy was changed to `open`, which knows no turns.
        case policyChanged = "policy_changed"
    }
}

/// What passed the gate in a turn.
public struct TurnAudioCounts: Sendable, Equatable {
    /// Of it, what came out of the pre-roll ring, in milliseconds.
    public var preRollMs: Int64
    /// All that passed, pre-roll included, in milliseconds.
    public var audioMs: Int64
    /// Of it, frames loud enough to be speech, in milliseconds.
    public var speechMs: Int64
    /// Frames of 20 ms that should have passed and are known to be lost.
    public var droppedFrames: Int64

    public init(preRollMs: Int64 = 0, audioMs: Int64 = 0, speechMs: Int64 = 0, droppedFrames: Int64 = 0) {
        self.preRollMs = preRollMs
        self.audioMs = audioMs
        self.speechMs = speechMs
        self.droppedFrames = droppedFrames
    }
}
