import Domain
import Postgres

extension RPCInvocationRecord {
    /// A row of `InvocationStatements`.
    init(row: PostgresRow) throws(PostgresError) {
        let message = try row.optional("error_message", as: String.self)
        let data = try row.optional("error_data", as: String.self)
        let code = try row.optional("error_code", as: Int64.self)
        self.init(
            id: try row.id("id"), sessionID: try row.id("session_id"), direction: try row.word("direction"),
            method: try row.get("method"), participant: try row.get("participant"),
            handlerType: try row.optional("handler_type", as: String.self), startedAt: try row.timestamp("started_at"),
            duration: .microseconds(try row.get("duration_us", as: Int64.self)), outcome: try row.word("outcome"),
            error: code.map { RPCError(code: UInt32(clamping: $0), message: message ?? "", data: data) },
            payload: try row.optional("payload", as: String.self),
            response: try row.optional("response", as: String.self))
    }
}
