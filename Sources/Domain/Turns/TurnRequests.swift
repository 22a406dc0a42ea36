/// Somebody wants the floor.
public struct TurnRequest: Sendable, Equatable {
    /// Who is to have it.
    public var participant: String
    /// Takes it from whoever has it.
    public var preempt: Bool
    /// Waits for it when it is taken.
    public var queue: Bool

    public init(participant: String, preempt: Bool = false, queue: Bool = false) {
        self.participant = participant
        self.preempt = preempt
        self.queue = queue
    }
}

/// What a wish for the floor came to.
public enum TurnStart: Sendable, Equatable {
    /// The participant has it from now on.
    case started(Turn)
    /// It had it already.
    case running(Turn)
    /// It waits; `place` counts from 1.
    case queued(participant: String, place: Int, holder: String?)
}

/// Which turn is meant: by id, by epoch, or both.
public struct TurnReference: Sendable, Equatable {
    /// The turn; nil: whichever has the epoch.
    public var id: TurnID?
    /// The epoch; nil: whichever the turn has.
    public var epoch: Int64?

    public init(id: TurnID? = nil, epoch: Int64? = nil) {
        self.id = id
        self.epoch = epoch
    }

    /// Whether it means `turn`; a reference that names nothing means none.
    public func means(_ turn: Turn) -> Bool {
        guard id != nil || epoch != nil else { return false }
        return (id ?? turn.id) == turn.id && (epoch ?? turn.epoch) == turn.epoch
    }
}

/// Why a turn could not be started, ended or cancelled.
public enum TurnRefusal: Sendable, Equatable {
    /// Somebody else has the floor, or it is kept for somebody else; `turn` is
    /// nil in the second case.
    case floorTaken(holder: String, turn: TurnID?, epoch: Int64?)
    /// That turn is over, or another is meant; `current` is what runs now.
    case staleTurn(current: TurnID?, epoch: Int64?)
    /// Only the holder (or the backend) may.
    case notHolder(holder: String)
    /// The policy's mode is `open`: there is no floor to take.
    case noFloor
    /// The agent is not to be interrupted while it is in this state.
    case agentBusy(AgentState)
    /// As many wait as may.
    case queueFull(limit: Int)
    /// The participant is not in the room, or no participant that takes turns.
    case participantAbsent(String)
    /// Neither turn nor epoch was named.
    case turnRequired
    /// The agent is not (or not now) in its room.
    case notReady(SessionStatus)
}

/// Who has the floor and who waits for it.
public struct Floor: Sendable, Equatable {
    /// The identity of the holder; nil: the floor is free (or offered).
    public var holder: String?
    /// For whom the free floor is kept at this moment.
    public var offeredTo: String?
    /// Who waits, first come first; who is being offered the floor is not in it.
    public var queue: [String]

    public init(holder: String? = nil, offeredTo: String? = nil, queue: [String] = []) {
        self.holder = holder
        self.offeredTo = offeredTo
        self.queue = queue
    }
}

/// Which turns to list.
public struct TurnQuery: Sendable, Equatable {
    /// Only turns older than this one; nil: from the newest on.
    public var before: TurnID?
    /// Only turns with this outcome; nil: any, running ones too.
    public var outcome: Turn.Outcome?
    /// 1…1000.
    public var limit: Int

    public init(before: TurnID? = nil, outcome: Turn.Outcome? = nil, limit: Int = 100) {
        self.before = before
        self.outcome = outcome
        self.limit = limit
    }
}

/// One page of turns.
public struct TurnPage: Sendable, Equatable {
    /// Newest first, at most the query's `limit`.
    public var turns: [Turn]
    /// The last turn here, for `before` of the following query; nil when none follow.
    public var next: TurnID?

    public init(turns: [Turn], next: TurnID?) {
        self.turns = turns
        self.next = next
    }
}
