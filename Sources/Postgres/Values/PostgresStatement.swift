/// One SQL statement with `$1`… placeholders, and the name it is prepared under.
///
/// A named statement is prepared once per connection, on its first use there,
/// and again after a reconnect. The name must be unique to the text: two
/// statements that share a name are a programming error that shows as a wrong
/// result, so keep each as one static constant.
public struct PostgresStatement: Sendable, Hashable {
    /// The prepared statement's name, at most 63 bytes; empty means that the
    /// text is parsed on every use (for one-off statements).
    public let name: String

    /// The text. Values never belong in here.
    public let sql: String

    /// Whether it only reads, and little, and is no part of a transaction. Those
    /// that wait at the same time are sent as one batch with a single Sync: a
    /// round trip, and a transaction's beginning and end, for all of them.
    public let isShortRead: Bool

    /// A statement that is prepared under `name` and reused.
    public init(name: String, sql: String, isShortRead: Bool = false) {
        self.name = name
        self.sql = sql
        self.isShortRead = isShortRead
    }

    /// A one-off statement that is not kept prepared.
    public static func unnamed(_ sql: String) -> PostgresStatement {
        PostgresStatement(name: "", sql: sql)
    }
}
