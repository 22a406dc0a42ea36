import Domain
import Postgres

extension PostgresSessionStore {
    /// The usage is written over too.
    public func insertMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError) {
        let values = try Self.values(id, report)
        do {
            _ = try await database.pool.query(MethodStatements.insert, values)
        } catch {
            if error.isForeignKeyViolation { throw .notFound(.session) }
            throw Self.refusal(error)
        }
    }

    /// The usage is written over too.
    public func replaceMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError) -> Bool {
        try await write(MethodStatements.replace, Self.values(id, report)).affectedRows == 1
    }

    /// False when there is none of that name.
    public func deleteMethod(_ id: SessionID, name: String) async throws(TurngateError) -> Bool {
        try await database.query(MethodStatements.delete, [.id(id), .text(name)]).affectedRows == 1
    }

    /// Built-in ones among them; empty for an unknown session.
    public func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport] {
        try await database.rows(MethodStatements.list, [.id(id)], RPCMethodReport.init(row:))
            .sorted { $0.spec.name < $1.spec.name }
    }

    private static func values(_ id: SessionID, _ report: RPCMethodReport) throws(TurngateError) -> [PostgresValue] {
        let usage = report.usage
        return try [.id(id)] + values(report.spec) + [
            .bool(report.builtin), .time(report.registeredAt), .int64(usage.calls), .int64(usage.errors),
            .double(usage.totalLatencyMs), .double(usage.maxLatencyMs), .time(usage.lastCall),
        ]
    }
}
