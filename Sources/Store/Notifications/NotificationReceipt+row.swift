import Domain
import Postgres

extension NotificationReceipt {
    /// A row of `NotificationStatements`.
    init(row: PostgresRow) throws(PostgresError) {
        let recipients: [Recipient] = try row.json("recipients")
        self.init(
            id: try row.id("id"), sessionID: try row.id("session_id"), method: try row.get("method"),
            trigger: try row.word("trigger"), agentStateSeq: try row.get("agent_state_seq"),
            createdAt: try row.timestamp("created_at"), completedAt: try row.optionalTimestamp("completed_at"),
            recipients: recipients.map(\.receipt))
    }

    /// A line of the column `recipients`.
    private struct Recipient: Decodable, Sendable {
        let identity: String
        let outcome: RecipientOutcome
        let response: String?
        let code: UInt32?
        let message: String?
        let data: String?
        let latency: Int64?

        var receipt: RecipientReceipt {
            RecipientReceipt(
                identity: identity, outcome: outcome, response: response,
                error: code.map { RPCError(code: $0, message: message ?? "", data: data) },
                latency: latency.map { .microseconds($0) })
        }
    }
}
