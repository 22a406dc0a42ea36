/// Why a batch was not written. Each with a problem for the log: no SQL and no
/// values.
enum JournalFailure: Error {
    /// PostgreSQL is away.
    case away(String)
    /// It did not answer in time, or stopped answering while it was at it:
    /// whether it has written is not known, and it may be too much at once.
    case overdue(String)
    /// The outbox of webhooks stands in the way, most likely for a moment.
    case outboxRefused(String)
    /// It will never take these.
    case refused(String)
    /// It will never take these, as they are about a session that it does not
    /// have.
    case sessionUnknown(String)

    var problem: String {
        switch self {
        case .away(let problem), .overdue(let problem), .outboxRefused(let problem), .refused(let problem),
            .sessionUnknown(let problem):
            problem
        }
    }

    /// Whether another attempt is of no use.
    var isFinal: Bool {
        switch self {
        case .away, .overdue, .outboxRefused: false
        case .refused, .sessionUnknown: true
        }
    }
}
