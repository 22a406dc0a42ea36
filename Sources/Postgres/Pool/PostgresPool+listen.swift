extension PostgresPool {
    /// Listens to a channel over a connection kept for that, which comes back
    /// by itself.
    ///
    /// The stream begins with `listening` once LISTEN is in effect, and tells
    /// of every gap (`reconnected`, `overflowed`). It ends when the pool is
    /// closed, when the server refuses LISTEN, and at once when the name is
    /// empty or longer than 63 bytes or has a NUL in it. Dropping it stops the listening.
    public func listen(_ channel: String) -> AsyncStream<PostgresNotification> {
        let limit = max(1, configuration.notificationLimit)
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(limit))
        guard (1...63).contains(channel.utf8.count), !channel.utf8.contains(0) else {
            continuation.finish()
            return stream
        }
        let subscriber = Subscriber(channel: channel, continuation)
        let id = subscriber.id
        continuation.onTermination = { [inbox] _ in inbox.post(.unsubscribe(id)) }
        if !inbox.post(.subscribe(subscriber)) { continuation.finish() }
        return stream
    }
}
