import CPostgres
import Synchronization

/// Asks the server to stop a query whose caller has given up.
///
/// PQcancel blocks, and blocks for as long as a hung server hangs, so each
/// request has a thread of its own, and never more than `limit` at a time: a
/// request that does not get one is skipped, as the server's own
/// statement_timeout ends the query anyway.
final class Canceller: Sendable {
    /// `@unchecked Sendable`: made on the loop's thread, then used and freed
    /// on the cancelling thread only.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private static let limit = 2
    private let running = Atomic(0)

    /// Starts a cancel request for what runs on the connection; false when it
    /// was skipped.
    func cancel(_ connection: OpaquePointer) -> Bool {
        guard running.load(ordering: .relaxed) < Canceller.limit, let pointer = PQgetCancel(connection) else {
            return false
        }
        let handle = Handle(pointer: pointer)
        running.add(1, ordering: .relaxed)
        let started = DetachedThread.start { [self] in
            var message = [CChar](repeating: 0, count: 256)
            // A failure needs no answer: the silence of the connection shows it.
            _ = PQcancel(handle.pointer, &message, Int32(message.count))
            PQfreeCancel(handle.pointer)
            running.subtract(1, ordering: .relaxed)
        }
        if !started {
            PQfreeCancel(handle.pointer)
            running.subtract(1, ordering: .relaxed)
        }
        return started
    }
}
