import DequeModule
import Dispatch
import Synchronization

/// Where the core's callback leaves its events and the pump takes them.
///
/// The callback has no user pointer, so there is one inbox per process. It
/// copies the bytes and returns: it never waits for anything but this lock,
/// which nobody holds for longer than an append or a swap.
final class FFIInbox: Sendable {
    static let process = FFIInbox()

    /// The pump only parses and routes, so a backlog like this means that the
    /// process has stopped working, not that it is busy.
    static let maxEvents = 65_536
    static let maxBytes = 256 << 20

    /// What the pump takes at once.
    struct Batch {
        var events: Deque<[UInt8]> = []
        var bytes = 0
        /// Whether events had to be thrown away.
        var overflowed = false
    }

    private let pending = Mutex(Batch())
    private let wakeups = DispatchSemaphore(value: 0)

    /// Copies an event in; never blocks on the pump.
    func append(_ event: UnsafeBufferPointer<UInt8>) {
        let wasIdle = pending.withLock { batch in
            let wasIdle = batch.events.isEmpty && !batch.overflowed
            if batch.events.count < Self.maxEvents, batch.bytes + event.count <= Self.maxBytes {
                batch.events.append(Array(event))
                batch.bytes += event.count
            } else {
                batch.overflowed = true
            }
            return wasIdle
        }
        if wasIdle { wakeups.signal() }
    }

    /// Waits for events and takes all of them, in the order they came.
    func take() -> Batch {
        wakeups.wait()
        return pending.withLock { batch in
            defer { batch = Batch() }
            return batch
        }
    }
}
