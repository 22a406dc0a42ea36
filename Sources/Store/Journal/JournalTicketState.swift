import Domain
import Synchronization

/// Where the entries of one `append` stand, and who waits to hear of it.
final class JournalTicketState: Sendable {
    private struct State {
        var outcome = JournalOutcome.pending
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: Waiter] = [:]
    }

    private struct Waiter {
        let continuation: CheckedContinuation<JournalOutcome, Never>
        let timer: Task<Void, Never>
    }

    private let state = Mutex(State())

    /// Says how it ended; the first word stands.
    func settle(_ outcome: JournalOutcome) {
        let waiters = state.withLock { state -> [Waiter] in
            guard state.outcome == .pending else { return [] }
            state.outcome = outcome
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters {
            waiter.timer.cancel()
            waiter.continuation.resume(returning: outcome)
        }
    }

    /// Waits at most `duration`; at once when it is settled.
    func outcome(within duration: Duration, clock: any TurngateClock) async -> JournalOutcome {
        let (known, waiter) = state.withLock { state in
            state.nextWaiter += 1
            return (state.outcome, state.nextWaiter)
        }
        guard known == .pending, duration > .zero else { return known }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(waiter, continuation, within: duration, clock)
                // A cancellation that came before the entry found nobody to wake.
                if Task.isCancelled { dismiss(waiter) }
            }
        } onCancel: {
            dismiss(waiter)
        }
    }

    private func enter(
        _ waiter: UInt64, _ continuation: CheckedContinuation<JournalOutcome, Never>, within duration: Duration,
        _ clock: any TurngateClock
    ) {
        let settled = state.withLock { state -> JournalOutcome? in
            guard state.outcome == .pending else { return state.outcome }
            let timer = Task {
                do { try await clock.sleep(for: duration) } catch { return }
                dismiss(waiter)
            }
            state.waiters[waiter] = Waiter(continuation: continuation, timer: timer)
            return nil
        }
        if let settled { continuation.resume(returning: settled) }
    }

    /// Sends a waiter off with what is known.
    private func dismiss(_ waiter: UInt64) {
        let (gone, outcome) = state.withLock { ($0.waiters.removeValue(forKey: waiter), $0.outcome) }
        gone?.timer.cancel()
        gone?.continuation.resume(returning: outcome)
    }
}
