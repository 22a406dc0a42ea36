import Domain

/// What a call touches: decides what a caller may whose credential is for one
/// room only.
enum Reach: Sendable, Equatable {
    /// Nothing that is anybody's; no credential is asked for.
    case open
    /// One session, `{session}` in the path: another room's is not there.
    case session
    /// Sessions of any rooms: the call itself keeps to the caller's.
    case rooms
    /// The service itself, which no room's credential reaches.
    case service

    /// What a call of this pattern touches. Whatever is not known to belong to a
    /// session or a room is the service's.
    init(pattern: String) {
        if pattern.split(separator: "/").contains("{session}") {
            self = .session
        } else {
            self = Self.acrossRooms.contains(pattern) ? .rooms : .service
        }
    }

    private static let acrossRooms: Set = ["/v1/sessions", "/v1/agent-states", "/v1/events"]
}

extension APIRequest {
    /// Refuses what is out of the caller's reach: the one place for all calls.
    func checkReach(_ reach: Reach, _ sessions: any SessionControl) async throws {
        guard let room = context.caller?.room else { return }
        switch reach {
        case .open, .rooms: return
        case .service:
            throw Problem(.forbidden, "A token for one room is not enough for this call; use an API key.")
        case .session:
            // As if it were not there: nothing tells which ids there are.
            guard RoomKey(try await sessions.session(try sessionID()).spec.room) == RoomKey(room) else {
                throw TurngateError.notFound(.session)
            }
        }
    }

    /// The room that a list is to keep to, where the query asks for `wanted`.
    /// Throws 403 where that is another than the caller's.
    func roomInReach(_ wanted: String?) throws(Problem) -> String? {
        guard let room = context.caller?.room else { return wanted }
        guard let wanted, RoomKey(wanted) != RoomKey(room) else { return room }
        throw Problem(.forbidden, "The token is for another room.").naming("room", "is not the token's room")
    }
}
