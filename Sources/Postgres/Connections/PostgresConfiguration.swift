/// How to reach the server, and every bound of a pool.
public struct PostgresConfiguration: Sendable {
    /// A URI (`postgresql://…`) or `key=value` pairs, in libpq's own syntax,
    /// unix sockets included. What it leaves out comes from libpq's PG…
    /// environment variables. Holds the password: never log it.
    public var connectionString: String

    /// What the server shows in `pg_stat_activity`, unless the string names one.
    public var applicationName = "turngate"

    /// How many connections share the queries, at least 1.
    public var connectionCount = 4

    /// How many queries may be under way on one connection, at least 1. More
    /// wait in the queue, so that one slow query holds up few others.
    public var pipelineDepth = 32

    /// How many queries may wait for a connection; one more gets `queueFull`.
    public var queueLimit = 10_000

    /// The deadline of a query, waiting included, when the call names none.
    /// A little longer than `statementTimeout`, so that the server's word comes first.
    public var queryTimeout: Duration = .seconds(12)

    /// How long a query waits while no connection is up before it gets `unavailable`.
    public var unavailableAfter: Duration = .seconds(5)

    /// How long an attempt to connect may take.
    public var connectTimeout: Duration = .seconds(5)

    /// How long a connection may stay silent after a deadline passed on it
    /// before it is given up as hung.
    public var silenceTolerance: Duration = .seconds(2)

    /// The first and the longest pause between attempts to connect; each is
    /// up to twice the one before, with up to half of it taken off at random.
    public var backoff: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)

    /// The server's own limit for a statement.
    public var statementTimeout: Duration = .seconds(10)

    /// The server's limit for waiting for a lock.
    public var lockTimeout: Duration = .seconds(5)

    /// The server's limit for a transaction that does nothing.
    public var idleInTransactionTimeout: Duration = .seconds(10)

    /// How many notifications a slow subscriber may fall behind.
    public var notificationLimit = 1024

    /// How often the LISTEN connection is asked whether it is alive.
    public var listenPingInterval: Duration = .seconds(15)

    /// Defaults for everything but the address.
    public init(connectionString: String) {
        self.connectionString = connectionString
    }
}
