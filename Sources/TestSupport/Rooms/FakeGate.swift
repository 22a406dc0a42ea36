import Synchronization

/// Holds whoever comes until a test opens it.
public final class FakeGate: Sendable {
    private struct State {
        var isOpen = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var arrivals = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// How many have come, open or not.
    public var arrivals: Int { state.withLock { $0.arrivals } }

    /// Lets go all who wait, and holds nobody from now on.
    public func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// True when it was opened, false when the waiting task was cancelled.
    public func wait() async -> Bool {
        let number = state.withLock { state in
            state.arrivals += 1
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.isOpen { return true }
                    if Task.isCancelled { return false }
                    state.waiters[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: false)
        }
    }
}
