import Domain
import Foundation
import Postgres

extension IdempotencyOutcome {
    /// A row of `idempotency_claim` that was asked for `claim`.
    init(row: PostgresRow, for claim: IdempotencyClaim) throws(PostgresError) {
        self =
            switch try row.word("outcome", as: Word.self) {
            case .claimed: .claimed(claim)
            case .running: .running
            case .mismatch: .mismatch
            case .replied: .replied(try StoredReply(row: row))
            case .made: .made(try Made(row: row), claim)
            }
    }

    private enum Word: String { case claimed, running, mismatch, replied, made }
}

extension IdempotencyOutcome.Made {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        if let session = try row.optional("session_id", as: UUID.self) {
            self = .session(SessionID(uuid: session))
        } else {
            self = .webhook(try row.id("webhook_id"))
        }
    }
}

extension StoredReply {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            status: try row.get("status"), headers: try row.json("headers"),
            body: try row.get("body", as: PostgresBytes.self).bytes)
    }
}
