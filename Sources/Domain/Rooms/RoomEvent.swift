/// What a room tells the agent that sits in it, in the order it happened.
public enum RoomEvent: Sendable, Equatable {
    /// The connection broke and is being taken up again; nothing is sent or
    /// received until `reconnected` or `disconnected`.
    case reconnecting
    /// The connection is back; participants may have come and gone meanwhile,
    /// each told by its own event.
    case reconnected
    /// The connection is over; the last event of a connection.
    case disconnected(RoomDisconnectReason)
    case participantJoined(RoomParticipant)
    /// A participant changed in anything that `RoomParticipant` holds.
    case participantUpdated(RoomParticipant)
    case participantLeft(RoomParticipant)
    case rpcInvoked(RPCInvocation)
    case dataReceived(RoomData)
    /// A whole text stream has arrived.
    case textReceived(RoomText)
}

/// Why a connection ended (LiveKit's `DisconnectReason`, as far as we tell
/// them apart).
public enum RoomDisconnectReason: String, Sendable, Codable, CaseIterable {
    /// We left.
    case clientInitiated = "client_initiated"
    /// Another participant joined with our identity.
    case duplicateIdentity = "duplicate_identity"
    case serverShutdown = "server_shutdown"
    /// The room server removed us.
    case participantRemoved = "participant_removed"
    case roomDeleted = "room_deleted"
    case roomClosed = "room_closed"
    /// The server no longer knew us and the join was not taken up again.
    case stateMismatch = "state_mismatch"
    case joinFailure = "join_failure"
    /// Signalling ended and could not be had again.
    case connectionLost = "connection_lost"
    case unknown
}

/// A data packet from a participant, or from the server (`sender` nil).
public struct RoomData: Sendable, Equatable {
    /// The sender's identity; nil for the server.
    public var sender: String?
    /// What the sender filed it under; empty for nothing.
    public var topic: String
    /// The bytes as they were sent.
    public var payload: [UInt8]
    /// Sent with retransmission and in order; else it might have been lost.
    public var reliable: Bool

    public init(sender: String?, topic: String, payload: [UInt8], reliable: Bool) {
        self.sender = sender
        self.topic = topic
        self.payload = payload
        self.reliable = reliable
    }
}

/// A text stream, complete.
public struct RoomText: Sendable, Equatable {
    /// The sender's identity.
    public var sender: String
    /// What the sender filed it under; `lk.chat` for chat.
    public var topic: String
    /// All of the stream's chunks, joined.
    public var text: String
    /// What the sender gave the stream along.
    public var attributes: [String: String]

    public init(sender: String, topic: String, text: String, attributes: [String: String] = [:]) {
        self.sender = sender
        self.topic = topic
        self.text = text
        self.attributes = attributes
    }
}
