import Domain
import Synchronization

/// The bounded stream of one connection's events. It ends with exactly one
/// `disconnected`, and never drops an event in the middle: when the consumer
/// has fallen behind the bound, the stream ends there.
final class RoomEventOutlet: Sendable {
    let events: AsyncStream<RoomEvent>
    private let continuation: AsyncStream<RoomEvent>.Continuation
    private let ended = Mutex(false)

    /// `capacity` events may wait. Two places more are kept: for the event
    /// that comes over the bound, and for the last one.
    init(capacity: Int) {
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity + 2))
    }

    /// Tells the consumer; false if the stream has ended, be it by this event
    /// going over the bound (it is still told).
    func tell(_ event: RoomEvent) -> Bool {
        ended.withLock { ended in
            guard !ended else { return false }
            if case .enqueued(let remaining) = continuation.yield(event), remaining > 1 { return true }
            ended = true
            continuation.yield(.disconnected(.connectionLost))
            continuation.finish()
            return false
        }
    }

    /// Ends the stream with `disconnected(reason)`; the first reason stands.
    func end(_ reason: RoomDisconnectReason) {
        ended.withLock { ended in
            guard !ended else { return }
            ended = true
            continuation.yield(.disconnected(reason))
            continuation.finish()
        }
    }
}
