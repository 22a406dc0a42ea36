/// The isolation level of a transaction.
public enum PostgresIsolation: Sendable, Hashable {
    /// Each statement sees what was committed before it began.
    case readCommitted
    /// All statements see what was committed before the first.
    case repeatableRead
    /// As if transactions ran one after the other; be ready for
    /// `isSerializationFailure`.
    case serializable

    var begin: PostgresStatement {
        switch self {
        case .readCommitted: .unnamed("BEGIN ISOLATION LEVEL READ COMMITTED")
        case .repeatableRead: .unnamed("BEGIN ISOLATION LEVEL REPEATABLE READ")
        case .serializable: .unnamed("BEGIN ISOLATION LEVEL SERIALIZABLE")
        }
    }
}
