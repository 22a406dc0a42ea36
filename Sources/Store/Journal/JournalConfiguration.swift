/// The bounds of the journal.
public struct JournalConfiguration: Sendable {
    /// How many entries may wait to be written; `append` refuses more.
    public var queueLimit = 10_000

    /// How many bytes, by estimate, they may hold together; `append` refuses
    /// more.
    public var queueBytes = 64 << 20

    /// How many entries go into one transaction.
    public var batchLimit = 500

    /// How many bytes, by estimate, go into one transaction; what was appended
    /// together stays together, even if it is more.
    public var batchBytes = 4 << 20

    /// The first and the longest pause while PostgreSQL is away; each is twice
    /// the one before.
    public var backoff: ClosedRange<Duration> = .milliseconds(100) ... .seconds(5)

    /// The defaults.
    public init() {}
}
