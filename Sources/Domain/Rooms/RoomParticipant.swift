/// What a participant is to LiveKit (`ParticipantInfo.Kind`).
public enum ParticipantKind: String, Sendable, Codable, CaseIterable {
    case standard, ingress, egress, sip, agent, connector, bridge
    /// A kind that a newer server knows and this version does not.
    case unknown

    /// Whether there is a person (or a person's device) behind it whom a turn
    /// notification is for. Agents, recorders and feeds have no turn to take.
    public var takesTurns: Bool {
        switch self {
        case .standard, .sip, .connector, .bridge, .unknown: true
        case .agent, .ingress, .egress: false
        }
    }
}

/// How far a participant has come in joining (`ParticipantInfo.State`).
/// Data packets to one that is not `active` yet are lost.
public enum ParticipantState: String, Sendable, Codable, CaseIterable {
    case joining, joined, active, disconnected
}

/// An audio track that a participant has published.
public struct AudioPublication: Sendable, Equatable, Codable {
    /// The track's server-side id, `TR_…`.
    public var trackSid: String
    /// The publisher's name for it.
    public var name: String
    /// Whether the publisher has muted it.
    public var muted: Bool

    public init(trackSid: String, name: String, muted: Bool) {
        self.trackSid = trackSid
        self.name = name
        self.muted = muted
    }
}

/// One participant as the room last told us.
public struct RoomParticipant: Sendable, Equatable {
    /// The name that is unique in its room.
    public var identity: String
    /// The server-side id of this very presence, `PA_…`; another after a rejoin.
    public var sid: String
    /// The display name; may be empty.
    public var name: String
    /// The participant's metadata, any text; may be empty.
    public var metadata: String
    /// All its attributes; an agent's `lk.agent.state` is one of them.
    public var attributes: [String: String]
    /// What it is to LiveKit: a person's device, an agent, a recorder.
    public var kind: ParticipantKind
    /// How far it has come in joining.
    public var state: ParticipantState
    /// Its published audio tracks, oldest first.
    public var audio: [AudioPublication]

    public init(
        identity: String, sid: String, name: String = "", metadata: String = "", attributes: [String: String] = [:],
        kind: ParticipantKind = .standard, state: ParticipantState = .active, audio: [AudioPublication] = []
    ) {
        self.identity = identity
        self.sid = sid
        self.name = name
        self.metadata = metadata
        self.attributes = attributes
        self.kind = kind
        self.state = state
        self.audio = audio
    }
}
