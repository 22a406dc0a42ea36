import Domain
import Postgres

extension PostgresSessionStore {
    /// In the order of their ids; empty for an unknown session.
    public func invocations(
        _ id: SessionID, _ query: InvocationQuery
    ) async throws(TurngateError) -> InvocationPage {
        var values: [PostgresValue] = [
            .id(id), .int(query.limit + 1), .uuid(query.before?.uuid), .text(query.participant),
            .text(query.direction?.rawValue),
            query.outcomes.isEmpty ? .null : .textArray(query.outcomes.map(\.rawValue)),
        ]
        var statement = InvocationStatements.list
        if let method = query.method {
            statement = InvocationStatements.listOfMethod
            values.append(.text(method))
        }
        let found = try await database.rows(statement, values, RPCInvocationRecord.init(row:))
        let page = Array(found.prefix(query.limit))
        return InvocationPage(invocations: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// Nil also when the call is another session's.
    public func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord? {
        try await database.rows(InvocationStatements.one, [.id(id), .id(invocation)], RPCInvocationRecord.init(row:))
            .first
    }
}
