import Domain
import Foundation
import Postgres

extension Incident {
    /// A row of `IncidentStatements`.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            sessionID: try row.id("session_id"), seq: try row.get("seq"), at: try row.timestamp("at"),
            finding: try row.word("finding"), participant: try row.optional("participant", as: String.self),
            turnID: try row.optional("turn_id", as: UUID.self).map { TurnID(uuid: $0) },
            detail: try row.get("detail"), healed: try row.get("healed"))
    }
}
