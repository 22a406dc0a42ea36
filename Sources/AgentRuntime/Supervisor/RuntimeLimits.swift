/// The runtime's bounds.
public struct RuntimeLimits: Sendable {
    /// Sessions that one process holds at once.
    public var sessions = 2000
    /// How long an agent may take into its room; less than the API's default
    /// wait, so that a caller who waits learns why it failed.
    public var joinDeadline = Duration.seconds(9)
    /// How long a session may be `reconnecting`.
    public var reconnectBound = Duration.seconds(60)
    /// How long a connection has to live before it counts as steady again; one
    /// that breaks sooner goes on with the bound and the pauses of the last.
    public var steadyAfter = Duration.seconds(30)
    /// How long a call waits for PostgreSQL before it answers that the row is
    /// not durable yet.
    public var durableWait = Duration.seconds(2)
    /// Methods per session.
    public var methods = 100
    /// Calls to participants under way at once, per session.
    public var fanOuts = 64
    /// Invocations of the agent's methods under way at once, per session.
    public var invocations = 256

    public init() {}
}
