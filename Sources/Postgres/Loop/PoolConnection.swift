import CPostgres
import DequeModule

/// One connection in pipeline mode. Confined to the loop's thread.
final class PoolConnection {
    enum Phase {
        /// Not connected; the next attempt starts at the moment given.
        case down(retryAt: UInt64)
        case connecting
        case up(OpaquePointer)
    }

    let number: Int
    var phase = Phase.down(retryAt: 0)
    var backoff: Backoff

    /// Sent and not answered yet, in order.
    var pending: Deque<PipelineUnit> = []
    /// The names that are prepared here.
    var prepared: Set<String> = []
    /// The names whose PREPARE was sent and not answered yet. It may still
    /// fail, so nothing may count on it.
    var preparing: Set<String> = []
    /// libpq holds bytes that the socket did not take yet.
    var wantsToWrite = false
    /// A transaction failed: a ROLLBACK must come before anything else.
    var mustRollBack = false
    /// A deadline passed here: no new work until the server has caught up.
    var isStalled = false
    /// A cancel request was sent and may hit a query that nobody cancelled.
    var cancelWasSent = false
    var lastHeard: UInt64 = 0

    init(number: Int, backoff: Backoff) {
        self.number = number
        self.backoff = backoff
    }

    var pointer: OpaquePointer? {
        if case .up(let pointer) = phase { pointer } else { nil }
    }

    var isUp: Bool { pointer != nil }

    /// Whether another job may be sent now.
    func takesWork(depth: Int) -> Bool {
        isUp && pending.count < depth && !mustRollBack && !isStalled
    }

    /// Starts using a fresh connection; false when it cannot be used.
    func adopt(_ handle: ConnectionHandle) -> Bool {
        guard PQenterPipelineMode(handle.pointer) == 1 else {
            handle.close()
            return false
        }
        phase = .up(handle.pointer)
        lastHeard = MonotonicTime.now()
        return true
    }

    /// Drops the connection, with everything that was tied to it; the units
    /// that were under way are the caller's to settle.
    func drop(retryAt: UInt64) -> Deque<PipelineUnit> {
        if let pointer { PQfinish(pointer) }
        let units = pending
        pending = []
        prepared = []
        preparing = []
        wantsToWrite = false
        mustRollBack = false
        isStalled = false
        cancelWasSent = false
        phase = .down(retryAt: retryAt)
        return units
    }
}
