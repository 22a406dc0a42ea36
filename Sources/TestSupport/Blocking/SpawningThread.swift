import Foundation
import Synchronization

/// A thread that lives as long as the process. `PR_SET_PDEATHSIG` fires when
/// the *thread* that started the child ends, and the threads of a task pool
/// come and go: a child started from one of those would be killed in the
/// middle of a test.
final class SpawningThread: Sendable {
    static let shared = SpawningThread()

    private struct Job: Sendable {
        let work: @Sendable () throws -> Void
        let continuation: CheckedContinuation<Void, any Error>
    }

    private let jobs = Mutex<[Job]>([])
    private let wakeups = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            // A child inherits the signals that its starter blocks, and would
            // never hear a SIGTERM that Foundation's threads block.
            var none = sigset_t()
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, nil)
            while true {
                wakeups.wait()
                let job = jobs.withLock { $0.removeFirst() }
                job.continuation.resume(with: Result { try job.work() })
            }
        }
        thread.start()
    }

    /// Runs `work` on the thread and waits for it, without blocking.
    func run(_ work: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            jobs.withLock { $0.append(Job(work: work, continuation: continuation)) }
            wakeups.signal()
        }
    }
}
