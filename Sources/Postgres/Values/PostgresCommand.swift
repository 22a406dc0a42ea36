/// A statement together with its values: one step of a transaction.
public struct PostgresCommand: Sendable {
    /// What to run.
    public let statement: PostgresStatement

    /// The values of `$1`, `$2`, … in order.
    public let values: [PostgresValue]

    /// A step that runs `statement` with `values`.
    public init(_ statement: PostgresStatement, _ values: [PostgresValue] = []) {
        self.statement = statement
        self.values = values
    }
}
