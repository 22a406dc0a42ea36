import Domain
import Postgres

/// How a claim ended, which PostgreSQL does not know yet.
struct UnwrittenSettlement: Sendable {
    /// What is to be written.
    enum Kind: Sendable {
        case reply(StoredReply, headers: PostgresValue)
        case release
        /// The claim may be there or may yet come: the reply to it was lost.
        case releaseIfThere
    }

    let claim: IdempotencyClaim
    let kind: Kind
    /// When it is no longer worth trying, by the clock's `uptime`.
    let deadline: Duration

    /// What it takes in memory, in bytes, about.
    var size: Int {
        guard case .reply(let reply, _) = kind else { return 64 }
        return 256 + reply.body.count + reply.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
