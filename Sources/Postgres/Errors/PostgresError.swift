/// What went wrong with a query, a transaction or a connection.
///
/// Its descriptions (also in string interpolation and `dump`) carry no SQL, no
/// values and no row content, so that an error may be logged as it is. The
/// server's own words are in `unsafeServerMessage` and `unsafeServerDetail`
/// and only there.
public struct PostgresError: Error, Sendable {
    /// What kind of failure it is.
    public enum Kind: String, Sendable, Hashable {
        /// The server refused the statement; `sqlState` says why. Nothing of
        /// the query, or of the whole transaction, has happened.
        case server
        /// The pool's queue is full; nothing was sent.
        case queueFull
        /// No connection could be had within the wait; nothing was sent.
        case unavailable
        /// The connection broke while the query was under way: a write may or
        /// may not have happened.
        case connectionLost
        /// The connection broke or the deadline passed while a transaction was
        /// under way: it was committed as a whole, or not at all.
        case outcomeUnknown
        /// The deadline passed; `wasSent` says whether the server may have seen it.
        case timedOut
        /// The calling task was cancelled; `wasSent` as above.
        case cancelled
        /// The pool or session is closed; nothing was sent.
        case closed
        /// The connection string or the settings cannot be used.
        case invalidConfiguration
        /// A value cannot be sent.
        case encoding
        /// A column is missing, NULL or of another type than asked for.
        case decoding
        /// Something that libpq or the server must not do, or COPY, which is
        /// not supported here.
        case unexpected
    }

    /// What kind of failure it is.
    public let kind: Kind

    /// A generic sentence without SQL, values or rows.
    public let reason: String

    /// The server's five-character SQLSTATE.
    public internal(set) var sqlState: String?

    /// `ERROR`, `FATAL` or `PANIC`.
    public internal(set) var severity: String?

    /// The constraint that was violated.
    public internal(set) var constraintName: String?

    /// The table that the error is about, without its schema.
    public internal(set) var tableName: String?

    /// The column that the error is about.
    public internal(set) var columnName: String?

    /// The name of the prepared statement that failed, if it has one.
    public internal(set) var statementName: String?

    /// In a transaction, the position of the statement that failed, from 0;
    /// nil when BEGIN or COMMIT did.
    public internal(set) var statementIndex: Int?

    /// Whether the server may have seen the statement, so that a write may
    /// have happened although this error was thrown.
    public internal(set) var wasSent = false

    /// The server's primary message. May quote SQL and values: not for logs.
    public internal(set) var unsafeServerMessage: String?

    /// The server's detail. May quote row content: not for logs.
    public internal(set) var unsafeServerDetail: String?

    init(_ kind: Kind, reason: String) {
        self.kind = kind
        self.reason = reason
    }
}
