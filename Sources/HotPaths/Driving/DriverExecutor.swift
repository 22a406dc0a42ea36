import Dispatch
import Synchronization

/// Runs the driver's jobs on the thread that calls `run`. In the place of the main actor: what
/// libdispatch does with the first thread of a process kills valgrind 3.19.
final class DriverExecutor: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let arrivals = DispatchSemaphore(value: 0)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        arrivals.signal()
    }

    func run() -> Never {
        while true {
            arrivals.wait()
            // One for each signal.
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
