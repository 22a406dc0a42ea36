/// Something that happened in a session and is kept nowhere but among the
/// events.
public struct SessionOccurrence: Sendable, Equatable {
    /// Where it happened.
    public var sessionID: SessionID
    /// When.
    public var at: Timestamp
    /// What.
    public var kind: Kind

    /// What can happen.
    public enum Kind: Sendable, Equatable {
        /// Somebody, agents too, has come into the room.
        case participantJoined(RoomParticipant)
        /// Somebody is gone from the room.
        case participantLeft(RoomParticipant)
        /// Somebody's gate has opened or shut.
        case gateChanged(ParticipantGate)
        /// The first frame was played.
        case speechStarted(Speech)
        /// Over, however it came to that; also one that was never begun.
        case speechEnded(Speech)
    }

    public init(sessionID: SessionID, at: Timestamp, kind: Kind) {
        self.sessionID = sessionID
        self.at = at
        self.kind = kind
    }
}
