import Glibc
import Synchronization

/// For tasks that do little more than to wait for a pool's results and to pass
/// them on: what a result sets going again goes on at once, on the pool's own
/// thread, in place of changing to another one. Whatever else such a task is
/// woken by, and all of it before the pool's thread runs, takes Swift's common
/// threads.
///
/// All of the pool's connections wait while such a task computes: for nothing
/// that blocks, and for nothing longer than a page of text takes.
public final class PostgresThreadExecutor: TaskExecutor {
    /// The thread's `pthread_t`; 0 before it runs.
    private let thread = Atomic<UInt>(0)

    init() {}

    /// The calling thread is the pool's from now on.
    func enter() { thread.store(UInt(pthread_self()), ordering: .releasing) }

    /// The calling thread ends; its number may be another's later.
    func leave() { thread.store(0, ordering: .releasing) }

    /// Whether the caller runs on the pool's thread.
    var isCurrent: Bool { thread.load(ordering: .acquiring) == UInt(pthread_self()) }

    /// See `TaskExecutor`.
    public func enqueue(_ job: consuming ExecutorJob) {
        guard isCurrent else { return globalConcurrentExecutor.enqueue(job) }
        UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
    }
}
