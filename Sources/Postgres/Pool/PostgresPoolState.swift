/// A glance at a pool, for metrics and readiness.
public struct PostgresPoolState: Sendable, Hashable {
    /// How many of the pool's connections are up.
    public let connected: Int

    /// How many queries wait to be sent.
    public let queued: Int

    /// How many queries were sent and not answered yet.
    public let underWay: Int

    /// Whether the pool takes no more queries.
    public let isClosed: Bool
}
