import Domain
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
        self =
            switch try row.word("made_kind", as: Kind.self) {
            case .session: .session(try row.id("made_id"))
            case .webhook: .webhook(try row.id("made_id"))
            case .secret: .secret(of: try row.id("made_id"))
            case .method: .defaultMethod(try row.get("made_name"))
            }
    }

    private enum Kind: String { case session, webhook, secret, method }
}

extension StoredReply {
    fileprivate init(row: PostgresRow) throws(PostgresError) {
        self.init(
            status: try row.get("status"), headers: try row.json("headers"),
            body: try row.get("body", as: PostgresBytes.self).bytes)
    }
}
