import Domain
import Postgres

extension PostgresSessionStore {
    /// At most as many as `insertDefaultMethod` was let add.
    public func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] {
        let methods = try await database.rows(DefaultMethodStatements.list, []) { (row) throws(PostgresError) in
            try row.json("method", as: StoredMethod.self)
        }
        return methods.compactMap(\.spec).sorted { $0.name < $1.name }
    }

    /// One at a time, so that `limit` holds whoever else adds one.
    public func insertDefaultMethod(
        _ spec: RPCMethodSpec, limit: Int, claim: IdempotencyClaim?
    ) async throws(TurngateError) {
        let values = try Self.values(spec) + [.int(limit), .uuid(claim?.id)]
        // Always one row.
        var answer = (added: false, taken: true)
        do {
            let results = try await database.pool.transaction([
                PostgresCommand(DefaultMethodStatements.lock), PostgresCommand(DefaultMethodStatements.insert, values),
            ])
            if let row = results.last?.first { answer = (try row.get("added"), try row.get("taken")) }
        } catch {
            throw Self.refusal(error)
        }
        guard !answer.added else { return }
        throw .conflict(answer.taken ? .rpcMethodTaken(name: spec.name) : .tooManyRPCMethods(limit: limit))
    }

    /// Sessions that have it keep theirs.
    public func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) -> Bool {
        try await write(DefaultMethodStatements.replace, Self.values(spec)).affectedRows == 1
    }

    /// Sessions that have it keep theirs.
    public func deleteDefaultMethod(_ name: String) async throws(TurngateError) -> Bool {
        try await write(DefaultMethodStatements.delete, [.text(name)]).affectedRows == 1
    }

    /// What a method is, from its name on.
    static func values(_ spec: RPCMethodSpec) throws(TurngateError) -> [PostgresValue] {
        let method = StoredMethod(spec)
        let documents = try method.documents()
        return [
            .text(method.name), .text(method.description), .text(method.type), .text(method.response),
            .json(documents.handler), .json(documents.callers), .bool(method.keeps),
        ]
    }
}
