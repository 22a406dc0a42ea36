import Domain
import Foundation
import Postgres

extension Session {
    /// A row of `SessionStatements.select`.
    init(row: PostgresRow) throws(PostgresError) {
        let details: Details = try row.json("details")
        self.init(
            id: try row.id("id"), spec: try SessionSpec(row: row, details), createdAt: try row.timestamp("created_at"))
        status = try row.word("status")
        roomSid = try row.optional("room_sid", as: String.self)
        agentSid = try row.optional("agent_sid", as: String.self)
        agentState = try row.word("agent_state")
        agentStateSince = try row.timestamp("agent_state_since")
        agentStateSeq = try row.get("agent_state_seq")
        rpcMethods = details.methods.map(\.name).sorted()
        createdBy = try row.optional("created_by", as: String.self)
        activatedAt = try row.optionalTimestamp("activated_at")
        endedAt = try row.optionalTimestamp("ended_at")
        let detail = try row.optional("end_detail", as: String.self)
        end = try row.optionalWord("end_reason", as: SessionEndReason.self).map { SessionEnd($0, detail: detail) }
    }

    /// The column `details`.
    struct Details: Decodable, Sendable {
        let attributes: [String: String]
        let labels: [String: String]
        let policy: TurnPolicy
        let methods: [StoredMethod]
    }
}

extension SessionSpec {
    fileprivate init(row: PostgresRow, _ details: Session.Details) throws(PostgresError) {
        let agent = AgentProfile(
            identity: try row.get("agent_identity"), name: try row.get("agent_name"),
            metadata: try row.get("agent_metadata"), attributes: details.attributes)
        self.init(
            room: try row.get("room"), agent: agent,
            rpcMethods: details.methods.filter { !$0.builtin }.compactMap(\.spec),
            turnPolicy: details.policy, labels: details.labels, metadata: try row.get("metadata"),
            maxDuration: try row.optional("max_duration_ms", as: Int64.self).map { .milliseconds($0) },
            emptyTimeout: try row.optional("empty_timeout_ms", as: Int64.self).map { .milliseconds($0) })
    }
}
