/// The `video` claim: what the holder may do, and in which room. A nil field is
/// left out of the token, and the room server's default holds.
public struct LiveKitVideoGrants: Codable, Equatable, Sendable {
    /// The one room that `roomJoin` and `roomAdmin` are about.
    public var room: String?
    /// May join `room`.
    public var roomJoin: Bool?
    /// May administer `room`, and no other.
    public var roomAdmin: Bool?
    /// May create and delete rooms.
    public var roomCreate: Bool?
    /// May list rooms.
    public var roomList: Bool?
    /// May publish tracks; true where absent.
    public var canPublish: Bool?
    /// May subscribe to tracks; true where absent.
    public var canSubscribe: Bool?
    /// May send data packets; true where absent.
    public var canPublishData: Bool?
    /// May change its own name, metadata and attributes; false where absent. An
    /// agent needs it to show its state.
    public var canUpdateOwnMetadata: Bool?
    /// Invisible to the other participants.
    public var hidden: Bool?
    /// May register as an agent worker (`GET /agent`).
    public var agent: Bool?
    /// The sources that may be published (`microphone`, `camera`, …); where set,
    /// it goes before `canPublish`.
    public var canPublishSources: [String]?

    /// Grants nothing but the server's defaults; set what is needed.
    public init(
        room: String? = nil, roomJoin: Bool? = nil, roomAdmin: Bool? = nil, roomCreate: Bool? = nil,
        roomList: Bool? = nil, canPublish: Bool? = nil, canSubscribe: Bool? = nil, canPublishData: Bool? = nil,
        canUpdateOwnMetadata: Bool? = nil, hidden: Bool? = nil, agent: Bool? = nil, canPublishSources: [String]? = nil
    ) {
        self.room = room
        self.roomJoin = roomJoin
        self.roomAdmin = roomAdmin
        self.roomCreate = roomCreate
        self.roomList = roomList
        self.canPublish = canPublish
        self.canSubscribe = canSubscribe
        self.canPublishData = canPublishData
        self.canUpdateOwnMetadata = canUpdateOwnMetadata
        self.hidden = hidden
        self.agent = agent
        self.canPublishSources = canPublishSources
    }

    /// Whether the holder administers exactly this room. A grant that names no
    /// room administers none.
    public func administers(room name: String) -> Bool {
        roomAdmin == true && !name.isEmpty && room == name
    }
}
