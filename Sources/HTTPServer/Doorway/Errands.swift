import CMicrohttpd
import Glibc
import Synchronization

/// What other threads ask of the doorway's thread, with an eventfd to wake it.
final class Errands: Sendable {
    enum Errand: Sendable {
        case closeListeners
        /// Drain this descriptor and close it.
        case linger(Int32)
        case quit
    }

    let descriptor: Int32
    private let list = Mutex<[Errand]>([])

    /// Fails when the process has no descriptor left.
    init() throws(HTTPServerError) {
        descriptor = front_eventfd()
        guard descriptor >= 0 else { throw .system(call: "eventfd", reason: SystemError.reason()) }
    }

    deinit {
        close(descriptor)
    }

    func post(_ errand: Errand) {
        list.withLock { $0.append(errand) }
        front_eventfd_raise(descriptor)
    }

    func take() -> [Errand] {
        front_eventfd_clear(descriptor)
        return list.withLock { list in
            defer { list = [] }
            return list
        }
    }
}
