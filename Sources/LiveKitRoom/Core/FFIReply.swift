import Synchronization

/// One wait: of a request for its answer, or for a turn. Settled once, by whoever comes first:
/// the answer, the deadline, a cancellation, or the end of the connection.
final class FFIReply: Sendable {
    enum Outcome: Sendable {
        case delivered(FFIDelivery)
        /// What was waited for has come about, without an event to hand over.
        case admitted
        case timedOut, cancelled, disconnected
    }

    private enum State {
        case open
        case awaited(CheckedContinuation<Outcome, Never>)
        case settled(Outcome)
        case consumed
    }

    /// Who comes first under the lock settles it.
    private let state = Mutex(State.open)
    /// Takes the answer in before it is delivered, on the pump's thread, even
    /// if the wait was given up before; must not block. Without it, an answer
    /// that comes too late is thrown away and its handles given back.
    let arrived: (@Sendable (FFIDelivery) -> Void)?

    init(arrived: (@Sendable (FFIDelivery) -> Void)? = nil) { self.arrived = arrived }

    /// Settles it; false if that had happened before.
    @discardableResult
    func settle(_ outcome: Outcome) -> Bool {
        let (won, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Outcome, Never>?) in
            switch state {
            case .open:
                state = .settled(outcome)
                return (true, nil)
            case .awaited(let continuation):
                state = .consumed
                return (true, continuation)
            case .settled, .consumed:
                return (false, nil)
            }
        }
        continuation?.resume(returning: outcome)
        return won
    }

    /// Waits until it is settled, with `.timedOut` after `timeout` and
    /// `.cancelled` as soon as the task is cancelled. Called once.
    func outcome(within timeout: Duration) async -> Outcome {
        let deadline = Task { [self] in
            try await Task.sleep(for: timeout)
            settle(.timedOut)
        }
        defer { deadline.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { attach($0) }
        } onCancel: {
            settle(.cancelled)
        }
    }

    private func attach(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome = state.withLock { state -> Outcome? in
            if case .settled(let outcome) = state {
                state = .consumed
                return outcome
            }
            state = .awaited(continuation)
            return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
    }
}
