import Postgres

/// How one migration stands in a database.
public struct MigrationStatus: Sendable, Hashable {
    /// Where a migration is.
    public enum State: Sendable, Hashable {
        /// In the database, from the same script.
        case applied(at: PostgresTimestamp)
        /// Not in the database yet.
        case pending
        /// In the database, but from another script (or under another name) than ours.
        case changed(at: PostgresTimestamp)
        /// In the database and not known to this program, which is older.
        case unknown(at: PostgresTimestamp)
    }

    /// The migration's number.
    public let version: Int

    /// The migration's name: ours where we know it, else the database's.
    public let name: String

    /// Where it is.
    public let state: State
}
