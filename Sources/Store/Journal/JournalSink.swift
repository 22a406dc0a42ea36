import Domain

/// What the journal writes to.
protocol JournalSink: Sendable {
    /// Writes `units` in one transaction: all, or none. Returns when the states
    /// began that the transitions among them left, as far as those are not
    /// among `units` too.
    func write(_ units: [JournalUnit]) async throws(JournalFailure) -> [HistoryPlace: Timestamp]
}
