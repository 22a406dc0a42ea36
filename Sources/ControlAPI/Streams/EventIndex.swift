import Domain

/// Who wants the events of whom: what happens in one session costs nothing for
/// those who follow another.
struct EventIndex: Sendable {
    private typealias Group = [ObjectIdentifier: EventSubscription]

    private var everything: Group = [:]
    private var rooms: [RoomKey: Group] = [:]
    private var sessions: [SessionID: Group] = [:]
    private var owners: [EventStreamOwner: Int] = [:]
    private(set) var count = 0

    mutating func insert(_ subscription: EventSubscription) {
        if change(subscription.scope, { $0.updateValue(subscription, forKey: ObjectIdentifier(subscription)) }) == nil {
            count += 1
            if let owner = subscription.owner { owners[owner, default: 0] += 1 }
        }
    }

    /// How many of one owner there are.
    func count(of owner: EventStreamOwner) -> Int { owners[owner] ?? 0 }

    /// False when it was not there.
    mutating func remove(_ subscription: EventSubscription) -> Bool {
        let removed = change(subscription.scope) { $0.removeValue(forKey: ObjectIdentifier(subscription)) }
        if removed != nil { forget(subscription.owner) }
        return removed != nil
    }

    private mutating func forget(_ owner: EventStreamOwner?) {
        count -= 1
        guard let owner, let left = owners[owner].map({ $0 - 1 }) else { return }
        owners[owner] = left > 0 ? left : nil
    }

    private mutating func change(
        _ scope: EventScope, _ body: (inout Group) -> EventSubscription?
    ) -> EventSubscription? {
        switch scope {
        case .everything: return body(&everything)
        case .room(let name):
            let room = RoomKey(name)
            let old = body(&rooms[room, default: [:]])
            if rooms[room]?.isEmpty == true { rooms[room] = nil }
            return old
        case .session(let id):
            let old = body(&sessions[id, default: [:]])
            if sessions[id]?.isEmpty == true { sessions[id] = nil }
            return old
        }
    }

    /// Calls `body` with everyone to whom an event of this session and room matters.
    func each(of session: SessionID, in room: String, _ body: (EventSubscription) -> Void) {
        everything.values.forEach(body)
        if !rooms.isEmpty { rooms[RoomKey(room)]?.values.forEach(body) }
        sessions[session]?.values.forEach(body)
    }

    var all: [EventSubscription] {
        var all = Array(everything.values)
        for group in rooms.values { all += group.values }
        for group in sessions.values { all += group.values }
        return all
    }
}
