/// Something that went wrong in a session, was found by its watchdog, and what
/// was done about it.
public struct Incident: Sendable, Equatable {
    /// Whose.
    public var sessionID: SessionID
    /// The incident's number in its session, from 1.
    public var seq: Int64
    /// When it was found.
    public var at: Timestamp
    /// What was found.
    public var finding: Finding
    /// The participant it concerns; nil: none.
    public var participant: String?
    /// The turn it concerns; nil: none.
    public var turnID: TurnID?
    /// For people: the figures behind it, and what was done.
    public var detail: String
    /// Whether what was done helped, as far as it can be told at once.
    public var healed: Bool

    public init(
        sessionID: SessionID, seq: Int64, at: Timestamp, finding: Finding, participant: String? = nil,
        turnID: TurnID? = nil, detail: String, healed: Bool
    ) {
        self.sessionID = sessionID
        self.seq = seq
        self.at = at
        self.finding = finding
        self.participant = participant
        self.turnID = turnID
        self.detail = detail
        self.healed = healed
    }

    /// What the watchdog looks for.
    public enum Finding: String, Sendable, Codable, CaseIterable {
        /// The gate is open, the track is unmuted, and no sound comes: no frame, or
        /// frames that were made up for packets that do not come.
        case noFrames = "no_frames"
        /// The state is `speaking` by playout, and nothing is played.
        case silentSpeech = "silent_speech"
        /// A turn is past its limit.
        case turnOverdue = "turn_overdue"
        /// A gate stands other than policy, turn and hand say.
        case gateMismatch = "gate_mismatch"
    }
}

/// Which incidents to list.
public struct IncidentQuery: Sendable, Equatable {
    /// Only incidents with a smaller number; nil: from the newest on.
    public var before: Int64?
    /// 1…1000.
    public var limit: Int

    public init(before: Int64? = nil, limit: Int = 100) {
        self.before = before
        self.limit = limit
    }
}

/// One page of incidents.
public struct IncidentPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var incidents: [Incident]
    /// The last number here, for `before` of the following query; nil when none follow.
    public var next: Int64?

    public init(incidents: [Incident], next: Int64?) {
        self.incidents = incidents
        self.next = next
    }
}
