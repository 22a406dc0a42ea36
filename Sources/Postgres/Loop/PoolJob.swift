import Synchronization

/// One call of `query` or `transaction`: what to run, until when, and the
/// caller to wake. Shared between the caller's task and the loop; whoever
/// settles it first wins, and the caller is woken exactly once.
final class PoolJob: Sendable {
    typealias Outcome = Result<[PostgresResult], PostgresError>

    private enum State {
        case unsettled
        case waiting(CheckedContinuation<Outcome, Never>)
        case early(Outcome)
        case settled
    }

    struct Step: Sendable {
        let statement: PostgresStatement
        let parameters: [EncodedParameter]
    }

    let steps: [Step]
    /// The BEGIN that opens the transaction; nil for a single query.
    let begin: PostgresStatement?
    let deadline: UInt64
    /// When to give up if no connection is up.
    let unavailableAt: UInt64

    private let state = Mutex(State.unsettled)
    private let sent = Atomic(false)

    init(steps: [Step], begin: PostgresStatement?, timeout: Duration, unavailableAfter: Duration) {
        self.steps = steps
        self.begin = begin
        let now = MonotonicTime.now()
        deadline = now &+ timeout.nanoseconds
        unavailableAt = now &+ min(timeout, unavailableAfter).nanoseconds
    }

    var isTransaction: Bool { begin != nil }

    var isShortRead: Bool { begin == nil && steps.count == 1 && steps[0].statement.isShortRead }

    /// Whether any of it was handed to libpq.
    var wasSent: Bool { sent.load(ordering: .acquiring) }

    func markSent() { sent.store(true, ordering: .releasing) }

    var isSettled: Bool {
        state.withLock { if case .settled = $0 { true } else if case .early = $0 { true } else { false } }
    }

    /// Settles the job; only the first call counts.
    func settle(_ outcome: Outcome) {
        let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            switch state {
            case .unsettled:
                state = .early(outcome)
                return nil
            case .waiting(let continuation):
                state = .settled
                return continuation
            case .early, .settled:
                return nil
            }
        }
        continuation?.resume(returning: outcome)
    }

    /// Waits until the job is settled; called once, by the caller's task.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let early = state.withLock { state -> Outcome? in
                if case .early(let outcome) = state {
                    state = .settled
                    return outcome
                }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }
}
