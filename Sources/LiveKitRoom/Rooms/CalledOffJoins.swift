import Synchronization

/// The joins that nobody wants any more and that the core has not yet let go
/// of. Whoever joins as the same participant waits for them: one that came
/// about afterwards would throw the new one out.
final class CalledOffJoins: Sendable {
    /// Whom a join makes appear where.
    struct Presence: Hashable {
        var url: String
        var room: String
        var identity: String
    }

    private struct State {
        var lastID: UInt64 = 0
        var endings: [Presence: [UInt64: Task<Void, Never>]] = [:]
    }

    private let state = Mutex(State())

    /// Keeps a join until `ending` has ended.
    func insert(_ presence: Presence, ending: Task<Void, Never>) {
        let id = state.withLock { state in
            state.lastID += 1
            state.endings[presence, default: [:]][state.lastID] = ending
            return state.lastID
        }
        Task {
            await ending.value
            remove(presence, id)
        }
    }

    private func remove(_ presence: Presence, _ id: UInt64) {
        state.withLock { state in
            state.endings[presence]?[id] = nil
            if state.endings[presence]?.isEmpty == true { state.endings[presence] = nil }
        }
    }

    /// Waits until none is left for `presence`; `.admitted` then.
    func outcome(for presence: Presence, within timeout: Duration) async -> FFIReply.Outcome {
        guard let endings = state.withLock({ $0.endings[presence]?.values }) else { return .admitted }
        let gone = FFIReply()
        Task {
            for ending in endings { await ending.value }
            gone.settle(.admitted)
        }
        return await gone.outcome(within: timeout)
    }
}
