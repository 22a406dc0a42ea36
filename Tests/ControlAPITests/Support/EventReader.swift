import Domain
import Synchronization

@testable import ControlAPI

/// A stream's side of a subscription: takes what comes, as fast as it may.
final class EventReader: Sendable {
    private struct State {
        var ids: [String] = []
        var heartbeats = 0
        var end: EventStreamEnd?
        var task: Task<Void, Never>?
    }

    let subscription: EventSubscription
    private let hub: EventHub
    private let state = Mutex(State())

    init(_ subscription: EventSubscription, of hub: EventHub) {
        self.subscription = subscription
        self.hub = hub
    }

    /// Takes one step after the other until the end.
    func start() -> EventReader {
        let task = Task { while await self.step() {} }
        state.withLock { $0.task = task }
        return self
    }

    /// The client hangs up.
    func cancel() { state.withLock { $0.task }?.cancel() }

    /// Takes one step; false after the end.
    func step() async -> Bool {
        switch await subscription.next() {
        case .send(let frames):
            state.withLock { $0.ids += frames.map(Self.id(of:)) }
            return true
        case .heartbeat:
            state.withLock { $0.heartbeats += 1 }
            return true
        case .close(let end):
            state.withLock { $0.end = end }
            hub.leave(subscription)
            return false
        }
    }

    private static func id(of frame: EventFrame) -> String {
        let line = String(decoding: frame.bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        return String(line.dropFirst("id: ".count))
    }

    var ids: [String] { state.withLock { $0.ids } }
    var heartbeats: Int { state.withLock { $0.heartbeats } }
    var end: EventStreamEnd? { state.withLock { $0.end } }
}
