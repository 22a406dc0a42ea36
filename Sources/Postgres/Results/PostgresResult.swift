/// What one statement returned. Rows are read straight from libpq's memory,
/// which lives as long as the result or any of its rows.
public struct PostgresResult: Sendable, RandomAccessCollection {
    let storage: ResultStorage

    /// The command tag, such as `SELECT 2` or `INSERT 0 3`.
    public var commandTag: String { storage.commandTag }

    /// How many rows the command inserted, updated, deleted or returned.
    public var affectedRows: Int { storage.affectedRows }

    /// The names of the columns in order.
    public var columnNames: [String] { (0..<storage.columnCount).map { storage.name(ofColumn: $0) ?? "" } }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// The number of rows.
    public var endIndex: Int { storage.rowCount }

    /// The row at `position`, which must be in range.
    public subscript(position: Int) -> PostgresRow {
        precondition(position >= 0 && position < storage.rowCount, "row index out of range")
        return PostgresRow(storage: storage, index: position)
    }
}
