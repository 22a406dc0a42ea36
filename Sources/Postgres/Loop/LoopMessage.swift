/// What other threads tell the loop.
enum LoopMessage: Sendable {
    case job(PoolJob)
    /// An attempt to connect ended; `connection` is the slot's number.
    case connected(connection: Int, Result<ConnectionHandle, PostgresError>)
    case subscribe(Subscriber)
    case unsubscribe(Subscriber.ID)
    case close(deadline: UInt64, done: CheckedContinuation<Void, Never>?)
}
