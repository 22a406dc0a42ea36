import Domain
import Synchronization
import Testing

/// Everything that one connection has told, for tests to wait in.
final class EventLog: Sendable {
    private struct State {
        var events: [RoomEvent] = []
        var ended = false
    }

    private let state = Mutex(State())

    init(_ connection: any RoomConnection) {
        let events = connection.events
        Task { [self] in
            for await event in events { state.withLock { $0.events.append(event) } }
            state.withLock { $0.ended = true }
        }
    }

    var all: [RoomEvent] { state.withLock { $0.events } }
    var ended: Bool { state.withLock { $0.ended } }

    /// What `pick` makes of the first event that it takes, waiting for one.
    @discardableResult
    func first<Picked>(
        _ what: Comment, within timeout: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation,
        _ pick: (RoomEvent) -> Picked?
    ) async throws -> Picked {
        let deadline = ContinuousClock.now + timeout
        while true {
            if let picked = all.lazy.compactMap(pick).first { return picked }
            if ContinuousClock.now > deadline {
                Issue.record("never came: \(what); came: \(all)", sourceLocation: sourceLocation)
                throw EventNeverCame()
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Waits for an event that equals `event`.
    func first(
        _ event: RoomEvent, within timeout: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await first("\(event)", within: timeout, sourceLocation: sourceLocation) { $0 == event ? true : nil }
    }
}

struct EventNeverCame: Error {}
