import Domain
import Synchronization

/// Something that happens once and that many may wait for.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// It has happened; opening again changes nothing.
    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Waits at most `duration`; says whether it has happened. A cancelled
    /// task does not wait on.
    func wait(for duration: Duration, on clock: any TurngateClock) async -> Bool {
        if isOpen || duration <= .zero { return isOpen }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await self.opened() }
            group.addTask { try? await clock.sleep(for: duration) }
            await group.next()
            group.cancelAll()
            return self.isOpen
        }
    }

    private func opened() async -> Bool {
        let number = state.withLock { state in
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
