import Synchronization

/// Where callers, on any thread, and the loop, on its own, meet.
///
/// A place is reserved before the continuation exists, so that a cancellation
/// which overtakes its own call is remembered and not lost.
final class Inbox: Sendable {
    /// What the loop has to do since it asked last.
    struct Work {
        var jobs: [Job] = []
        var cancelled: Set<UInt64> = []
        var isClosed = false
    }

    private struct State {
        var work = Work()
        var outstanding: Set<UInt64> = []
        var outstandingByHost: [String: Int] = [:]
        var nextID: UInt64 = 0
        /// The loop will look: it was woken and has not come yet, or is gone.
        var isWakeUnderWay = false
    }

    private let limit: Int
    private let limitPerHost: Int
    private let wake: @Sendable () -> Void
    private let state = Mutex(State())

    /// The limits are for calls waiting and under way together, so that one host
    /// cannot take all places either. `wake` is called with the lock held, so
    /// never after `retire` has returned.
    init(limit: Int, limitPerHost: Int, wake: @escaping @Sendable () -> Void) {
        self.limit = limit
        self.limitPerHost = limitPerHost
        self.wake = wake
    }

    func reserve(_ destination: String) throws(OutboundError) -> UInt64 {
        try state.withLock { state throws(OutboundError) in
            guard !state.work.isClosed else { throw .closed }
            guard state.outstanding.count < limit else { throw .queueFull(limit: limit) }
            let count = state.outstandingByHost[destination, default: 0]
            guard count < limitPerHost else { throw .queueFull(limit: limitPerHost) }
            state.outstandingByHost[destination] = count + 1
            state.nextID += 1
            state.outstanding.insert(state.nextID)
            return state.nextID
        }
    }

    func submit(_ job: Job) {
        let isTaken = state.withLock { state in
            guard !state.work.isClosed else { return false }
            state.work.jobs.append(job)
            wakeLoop(&state)
            return true
        }
        if !isTaken { job.continuation.resume(returning: .failure(.closed)) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            guard state.outstanding.contains(id) else { return }
            state.work.cancelled.insert(id)
            wakeLoop(&state)
        }
    }

    func close() {
        state.withLock { state in
            state.work.isClosed = true
            wakeLoop(&state)
        }
    }

    /// Hands over what is new. Cancellations stay until their call is finished:
    /// the call itself may still be on its way here.
    func take() -> Work {
        state.withLock { state in
            state.isWakeUnderWay = false
            defer { state.work.jobs = [] }
            return state.work
        }
    }

    /// Frees the place of a call and answers it.
    func finish(_ job: Job, _ outcome: Job.Outcome) {
        state.withLock { state in
            if state.outstanding.remove(job.id) != nil {
                let left = state.outstandingByHost[job.destination, default: 1] - 1
                state.outstandingByHost[job.destination] = left > 0 ? left : nil
            }
            state.work.cancelled.remove(job.id)
        }
        job.continuation.resume(returning: outcome)
    }

    /// The loop is about to end: from here on nobody wakes it.
    func retire() -> [Job] {
        state.withLock { state in
            state.work.isClosed = true
            state.isWakeUnderWay = true
            defer { state.work.jobs = [] }
            return state.work.jobs
        }
    }

    private func wakeLoop(_ state: inout State) {
        guard !state.isWakeUnderWay else { return }
        state.isWakeUnderWay = true
        wake()
    }
}
