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
        let done: DispatchSemaphore
        let failure: FailureBox
    }

    private final class FailureBox: Sendable {
        let error = Mutex<(any Error)?>(nil)
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
                perform(jobs.withLock { $0.removeFirst() })
            }
        }
        thread.start()
    }

    private func perform(_ job: Job) {
        do { try job.work() } catch { job.failure.error.withLock { $0 = error } }
        job.done.signal()
    }

    /// Runs `work` on the thread and waits for it.
    func run(_ work: @escaping @Sendable () throws -> Void) throws {
        let job = Job(work: work, done: DispatchSemaphore(value: 0), failure: FailureBox())
        jobs.withLock { $0.append(job) }
        wakeups.signal()
        job.done.wait()
        if let error = job.failure.error.withLock({ $0 }) { throw error }
    }
}
