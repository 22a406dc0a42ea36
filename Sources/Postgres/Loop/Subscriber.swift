import Synchronization

/// One stream of notifications and its place in the loop.
final class Subscriber: Sendable, Identifiable {
    let channel: String
    private let continuation: AsyncStream<PostgresNotification>.Continuation
    private let hasListened = Atomic(false)

    var id: ObjectIdentifier { ObjectIdentifier(self) }

    init(channel: String, _ continuation: AsyncStream<PostgresNotification>.Continuation) {
        self.channel = channel
        self.continuation = continuation
    }

    /// LISTEN is in effect, for the first time or again.
    func listening() {
        let before = hasListened.exchange(true, ordering: .relaxed)
        deliver(before ? .reconnected : .listening)
    }

    /// Delivers `notification`; when that pushed an older one out, the
    /// subscriber learns that too, as the newest thing in its buffer.
    func deliver(_ notification: PostgresNotification) {
        if case .dropped = continuation.yield(notification) { continuation.yield(.overflowed) }
    }

    func finish() { continuation.finish() }
}
