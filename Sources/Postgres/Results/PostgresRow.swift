/// One row. Columns are read by name or by position; the first of several
/// columns with the same name wins.
public struct PostgresRow: Sendable {
    let storage: ResultStorage
    let index: Int

    /// The value of a column that must not be NULL.
    ///
    /// - Throws: kind `decoding` when the column is missing, NULL, or not a `type`.
    public func get<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        try required(optional(column, as: type), column)
    }

    /// The value of the column at `position` (from 0), which must not be NULL.
    ///
    /// - Throws: kind `decoding` when the column is missing, NULL, or not a `type`.
    public func get<Value: PostgresDecodable>(
        _ position: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        try required(optional(position, as: type), storage.name(ofColumn: position) ?? String(position))
    }

    /// The value of a column, or nil when it is NULL.
    ///
    /// - Throws: kind `decoding` when the column is missing or not a `type`.
    public func optional<Value: PostgresDecodable>(
        _ column: String, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        try optional(position(of: column), as: type)
    }

    /// The value of the column at `position` (from 0), or nil when it is NULL.
    ///
    /// - Throws: kind `decoding` when the column is missing or not a `type`.
    public func optional<Value: PostgresDecodable>(
        _ position: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        try check(position)
        let decoded: Value?? = storage.withBytes(row: index, column: position) { bytes in
            guard let bytes else { return .some(nil) }
            return Value(postgresText: bytes).map { .some($0) }
        }
        guard let value = decoded else {
            throw failure("is not of type \(Value.self)", storage.name(ofColumn: position) ?? String(position))
        }
        return value
    }

    /// Gives `body` the column's bytes in the server's text format without a
    /// copy, nil for NULL. The buffer must not leave `body`.
    ///
    /// - Throws: kind `decoding` when the column is missing.
    public func withBytes<Value>(
        _ column: String, _ body: (UnsafeRawBufferPointer?) -> Value
    ) throws(PostgresError) -> Value {
        storage.withBytes(row: index, column: try position(of: column), body)
    }

    /// The column's bytes in the server's text format: for `json`, the document.
    ///
    /// - Throws: kind `decoding` when the column is missing or NULL.
    public func bytes(_ column: String) throws(PostgresError) -> [UInt8] {
        try required(withBytes(column) { $0.map { Array($0) } }, column)
    }

    private func position(of column: String) throws(PostgresError) -> Int {
        guard let position = storage.index(ofColumn: column) else { throw failure("does not exist", column) }
        return position
    }

    private func check(_ position: Int) throws(PostgresError) {
        guard position >= 0, position < storage.columnCount else { throw failure("does not exist", String(position)) }
    }

    private func required<Value>(_ value: Value?, _ column: String) throws(PostgresError) -> Value {
        guard let value else { throw failure("is NULL", column) }
        return value
    }

    private func failure(_ problem: String, _ column: String) -> PostgresError {
        var error = PostgresError(.decoding, reason: "a column \(problem)")
        error.columnName = column
        return error
    }
}
