import Postgres

/// Why migrations cannot be applied, or why a database does not fit this program.
public enum MigrationError: Error, Sendable, CustomStringConvertible {
    /// The list is not strictly ascending from 1, or a script is not UTF-8.
    case invalidList(String)
    /// The database could not be asked.
    case database(PostgresError)
    /// Another migrator held the lock for the whole wait.
    case locked(waited: Duration)
    /// Scripts that were applied have changed since: their files.
    case changed([String])
    /// The database has migrations that this program does not know: their numbers.
    case ahead([Int])
    /// Migrations are missing in the database: their files.
    case behind([String])
    /// Migrations are missing below others that are applied: their files.
    case outOfOrder([String])
    /// A script failed and was undone; `message` is the server's. Only if
    /// `cause` is not of kind `server` may it have been applied all the same.
    case failed(file: String, message: String, cause: PostgresError)
    /// A script ended its transaction, so that it cannot be undone.
    case endedTransaction(file: String)

    /// One sentence for the operator.
    public var description: String {
        switch self {
        case .invalidList(let problem): "the list of migrations is not valid: \(problem)"
        case .database(let error): "the migrations could not be read or written: \(error)"
        case .locked(let waited): "another migrator held the lock for \(waited)"
        case .changed(let files): "changed after they were applied: \(files.joined(separator: ", "))"
        case .ahead(let versions):
            "the database is newer than this program: it has "
                + versions.map(String.init).joined(separator: ", ")
        case .behind(let files): "not applied yet: \(files.joined(separator: ", "))"
        case .outOfOrder(let files): "missing below newer ones: \(files.joined(separator: ", "))"
        case .failed(let file, let message, let cause):
            cause.kind == .server
                ? "\(file) failed and was undone: \(message)"
                : "\(file) failed, and the status will show whether it was applied: \(message)"
        case .endedTransaction(let file): "\(file) must not end the transaction that it runs in"
        }
    }
}
