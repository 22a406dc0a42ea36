/// The bounds of the journal.
public struct JournalConfiguration: Sendable {
    /// How many entries may wait to be written; `append` refuses more.
    public var queueLimit = 10_000

    /// How many entries go into one transaction.
    public var batchLimit = 500

    /// The first and the longest pause while PostgreSQL is away; each is twice
    /// the one before.
    public var backoff: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)

    /// The defaults.
    public init() {}
}
