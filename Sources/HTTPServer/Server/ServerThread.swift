import Glibc

/// A thread of our own, for what blocks or loops: neither belongs on the tasks' pool.
struct ServerThread: Sendable {
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    private let handle: pthread_t

    /// Starts a thread that runs `body` and ends.
    init(_ body: @escaping @Sendable () -> Void) throws(HTTPServerError) {
        let work = Unmanaged.passRetained(Work(body))
        var handle = pthread_t()
        let error = pthread_create(&handle, nil, runWork, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw .system(call: "pthread_create", reason: SystemError.reason(error))
        }
        self.handle = handle
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
    }

    /// Lets the thread go; instead of `join`.
    func detach() {
        pthread_detach(handle)
    }

    /// Waits for the thread's end; once.
    func join() {
        pthread_join(handle, nil)
    }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { ServerThread.run(context) }
    return nil
}
