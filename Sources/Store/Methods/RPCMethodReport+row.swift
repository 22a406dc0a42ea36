import Domain
import Postgres

extension RPCMethodReport {
    /// A row of `MethodStatements.list`.
    init(row: PostgresRow) throws(PostgresError) {
        let method: StoredMethod = try row.json("method")
        // A CHECK holds the type to the ones that are known.
        let spec = method.spec ?? RPCMethodSpec(name: method.name, description: method.description, handler: .echo)
        self.init(
            spec: spec, builtin: method.builtin, registeredAt: try row.timestamp("registered_at"),
            usage: try row.json("usage"))
    }
}
