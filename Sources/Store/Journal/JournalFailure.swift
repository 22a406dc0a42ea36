/// Why a batch was not written.
enum JournalFailure: Error {
    /// PostgreSQL is away, or whether it has written is not known.
    case away(String)
    /// It will never take these.
    case refused(String)
}
