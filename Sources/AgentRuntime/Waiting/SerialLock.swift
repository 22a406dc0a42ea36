import Domain
import Synchronization

/// Lets one caller at a time through a piece of work that waits in the middle,
/// first come, first served. Actors alone would let a second one in at each
/// `await`.
final class SerialLock: Sendable {
    private struct State {
        var isHeld = false
        var queue: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Runs `body` when all who came before are through. `body` has bounds of
    /// its own, so the wait ends.
    func run<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws(TurngateError) -> Value
    ) async throws(TurngateError) -> Value {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.isHeld {
                    state.queue.append(continuation)
                    return false
                }
                state.isHeld = true
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.queue.isEmpty {
                state.isHeld = false
                return nil
            }
            return state.queue.removeFirst()
        }
        next?.resume()
    }
}
