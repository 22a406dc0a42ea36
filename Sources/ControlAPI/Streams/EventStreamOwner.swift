import Domain

/// Among whose streams one counts: an API key's, or those of a room's tokens,
/// which can name themselves as they like.
enum EventStreamOwner: Sendable, Hashable {
    case key(String)
    case room(RoomKey)

    init(_ caller: Caller) { self = caller.room.map { .room(RoomKey($0)) } ?? .key(caller.name) }
}

extension EventHubLimits {
    func streams(of owner: EventStreamOwner) -> Int {
        switch owner {
        case .key: streamsPerKey
        case .room: streamsPerRoom
        }
    }
}
