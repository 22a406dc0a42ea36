import Domain
import Foundation
import Synchronization

@testable import ControlAPI

/// The log's contract in memory: positions with gaps, in the order of the
/// commits. It can be away, and hold reads back until it is told to let them go.
final class FakeEventLog: EventLog {
    private struct State {
        var events: [StoredEvent] = []
        var places: [EventID: Int] = [:]
        var numbers: [SessionID: Int] = [:]
        var position: Int64 = 0
        var isAway = false
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        var queries: [EventQuery] = []
        var failures = 0
    }

    private let state = Mutex(State())

    /// Every query that was answered or refused, in their order.
    var queries: [EventQuery] { state.withLock { $0.queries } }
    /// The queries for all live streams.
    var liveReads: Int { queries.count { $0.scope == .everything && $0.limit == 1000 && $0.upTo == nil } }
    var failures: Int { state.withLock { $0.failures } }
    /// How many reads are held back.
    var heldReads: Int { state.withLock { $0.waiting.count } }
    var all: [StoredEvent] { state.withLock { $0.events } }

    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// From now on reads that have their rows do not come back before `release`.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isHeld = false
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// A commit of one event.
    @discardableResult func append(
        _ session: SessionID, room: String = "r", _ type: EventType = .agentStateChanged, padding: Int = 0
    ) -> StoredEvent {
        state.withLock { state in
            state.position += Int64(1 + state.events.count % 3)
            state.numbers[session, default: 0] += 1
            let id = EventID(uuid: UUID())
            let json = """
                {"id":"\(id)","type":"\(type.rawValue)","session_id":"\(session)","room":"\(room)",\
                "seq":\(state.numbers[session] ?? 0),"data":{"x":"\(String(repeating: "x", count: padding))"}}
                """
            let event = StoredEvent(
                position: state.position, id: id, type: type, sessionID: session, room: room, json: Array(json.utf8))
            state.places[id] = state.events.count
            state.events.append(event)
            return event
        }
    }

    func append(_ count: Int, of session: SessionID, room: String = "r", padding: Int = 0) {
        for _ in 0..<count { append(session, room: room, padding: padding) }
    }

    func events(_ query: EventQuery) async throws(TurngateError) -> [StoredEvent] {
        let (found, isHeld) = try read { state in
            state.queries.append(query)
            return (Self.rows(query, state.events), state.isHeld)
        }
        if isHeld { await untilReleased() }
        return found
    }

    private static func rows(_ query: EventQuery, _ events: [StoredEvent]) -> [StoredEvent] {
        // By halves: the tests read many pages of many events.
        var low = 0, high = events.count
        while low < high {
            let middle = (low + high) / 2
            if events[middle].position <= query.after { low = middle + 1 } else { high = middle }
        }
        var found: [StoredEvent] = []
        for event in events[low...] {
            if found.count == query.limit || query.upTo.map({ event.position > $0 }) ?? false { break }
            guard contains(query.scope, event) else { continue }
            if query.types.isEmpty || query.types.contains(event.type) { found.append(event) }
        }
        return found
    }

    private static func contains(_ scope: EventScope, _ event: StoredEvent) -> Bool {
        switch scope {
        case .everything: true
        case .room(let room): event.room == room
        case .session(let id): event.sessionID == id
        }
    }

    func position(of event: EventID, in scope: EventScope) async throws(TurngateError) -> Int64? {
        try read { state in
            guard let place = state.places[event], Self.contains(scope, state.events[place]) else { return nil }
            return state.events[place].position
        }
    }

    func lastPosition() async throws(TurngateError) -> Int64 {
        try read { $0.events.last?.position ?? 0 }
    }

    private func read<Value: Sendable>(_ body: (inout State) -> Value) throws(TurngateError) -> Value {
        let value = state.withLock { state -> Value? in
            guard !state.isAway else {
                state.failures += 1
                return nil
            }
            return body(&state)
        }
        guard let value else { throw .storeUnavailable(detail: "away") }
        return value
    }

    private func untilReleased() async {
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.waiting.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
    }
}
