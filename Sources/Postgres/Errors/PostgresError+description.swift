extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind, the reason, and names; never SQL, values or rows.
    public var description: String {
        var parts = ["PostgreSQL \(kind.rawValue): \(reason)"]
        if let sqlState { parts.append("SQLSTATE \(sqlState)") }
        if let constraintName { parts.append("constraint \(constraintName)") }
        if let tableName { parts.append("table \(tableName)") }
        if let columnName { parts.append("column \(columnName)") }
        if let statementName, !statementName.isEmpty { parts.append("statement \(statementName)") }
        if let statementIndex { parts.append("position \(statementIndex)") }
        return parts.joined(separator: ", ")
    }

    /// The same as `description`: debug output ends up in logs too.
    public var debugDescription: String { description }

    /// The description alone, so that `dump` does not show the unsafe parts.
    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
