import Domain
import Postgres

extension RPCMethodReport {
    /// A row of `MethodStatements.list`.
    init(row: PostgresRow) throws(PostgresError) {
        let name: String = try row.get("name")
        let description = try row.optional("description", as: String.self)
        let response = try row.optional("static_response", as: String.self)
        // A CHECK holds the type to the ones that are known.
        let handler = StoredHandler(type: try row.get("handler_type"), response: response).handler ?? .echo
        self.init(
            spec: RPCMethodSpec(name: name, description: description, handler: handler),
            builtin: try row.get("builtin"), registeredAt: try row.timestamp("registered_at"),
            usage: try row.json("usage"))
    }
}
