/// Why a gate stands as it does.
public enum GateReason: String, Sendable, Codable, CaseIterable {
    /// Set by hand, over the API.
    case api
    /// The agent's state, by the policy.
    case policy
    /// The participant has the floor.
    case turn
    /// Nobody has the floor.
    case noTurn = "no_turn"
    /// Somebody else has the floor.
    case notHolder = "not_holder"
    /// There is no audio to let through: no track, or no room.
    case unavailable
}

/// Whether the agent takes audio in at all: what hand and policy say of the
/// whole session.
public struct AudioInput: Sendable, Equatable {
    /// Whether audio may pass.
    public var enabled: Bool
    /// `api`, `policy`, or `unavailable` while the agent is not in its room.
    public var reason: GateReason
    /// The caller's word for why; only with `api`.
    public var note: String?
    /// Since when it is like this.
    public var since: Timestamp

    public init(enabled: Bool, reason: GateReason, note: String? = nil, since: Timestamp) {
        self.enabled = enabled
        self.reason = reason
        self.note = note
        self.since = since
    }
}

/// One participant's gate.
public struct ParticipantGate: Sendable, Equatable {
    /// Whose.
    public var identity: String
    /// Whether what it says passes.
    public var isOpen: Bool
    /// Why.
    public var reason: GateReason

    public init(identity: String, isOpen: Bool, reason: GateReason) {
        self.identity = identity
        self.isOpen = isOpen
        self.reason = reason
    }
}

/// The gate by hand.
public struct AudioInputChange: Sendable, Equatable {
    /// False shuts, until somebody opens by hand. True lifts that; for the whole
    /// session it also opens against the agent's state, until the policy's next word.
    public var enabled: Bool
    /// Whom it concerns; nil: the whole session.
    public var participants: [String]?
    /// The caller's word for why, at most 256 bytes.
    public var note: String?

    public init(enabled: Bool, participants: [String]? = nil, note: String? = nil) {
        self.enabled = enabled
        self.participants = participants
        self.note = note
    }
}

/// One reader of the gated audio, with what it got.
public struct AudioReaderReport: Sendable, Equatable {
    /// `rdr_…`, also in the head of its answer.
    public var id: ReaderID
    /// Only this participant; nil: all who are heard, mixed.
    public var participant: String?
    /// When it came.
    public var since: Timestamp
    /// Frames of 20 ms handed over.
    public var sentFrames: Int64
    /// Frames that it lost because it read too slowly.
    public var droppedFrames: Int64

    public init(id: ReaderID, participant: String?, since: Timestamp, sentFrames: Int64, droppedFrames: Int64) {
        self.id = id
        self.participant = participant
        self.since = since
        self.sentFrames = sentFrames
        self.droppedFrames = droppedFrames
    }
}

/// The audio input as it stands, with everybody's gate and all readers.
public struct AudioInputReport: Sendable, Equatable {
    /// What hand and policy say.
    public var input: AudioInput
    /// Everybody who could be heard, in the order they came.
    public var participants: [ParticipantGate]
    /// Who reads the gated audio, oldest first.
    public var readers: [AudioReaderReport]

    public init(input: AudioInput, participants: [ParticipantGate], readers: [AudioReaderReport]) {
        self.input = input
        self.participants = participants
        self.readers = readers
    }
}

/// One reader's end of the gated audio.
public protocol AudioReading: Sendable {
    /// `rdr_…`
    var id: ReaderID { get }
    /// Waits for what passes the gate; nil when the session is over. A reader
    /// that comes too late finds its oldest frames gone (5 s wait for it).
    /// Returns as soon as there is at least one frame; ends with nil when the
    /// task is cancelled.
    func next() async -> [AudioFrame]?
    /// The reader goes. Idempotent.
    func close()
}

/// The audio of a turn, as it passed the gate, pre-roll first.
public struct TurnAudio: Sendable, Equatable {
    /// Mono PCM16 at `AudioFrame.sampleRate`.
    public var samples: [Int16]

    public init(samples: [Int16]) { self.samples = samples }
}
