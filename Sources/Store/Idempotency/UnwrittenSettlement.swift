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
    private(set) var deadline: Duration
    /// Not to be looked for before, by the same clock; only doubts are put off.
    private(set) var due = Duration.zero
    private var pause = Self.pauses.lowerBound

    /// Between two looks for a claim that is not there.
    private static let pauses = Duration.milliseconds(100) ... .seconds(5)
    /// For how long, from the first look on, a statement that was lost sight of
    /// may still be on its way.
    private static let lateness = Duration.seconds(60)

    init(claim: IdempotencyClaim, kind: Kind, deadline: Duration) {
        self.claim = claim
        self.kind = kind
        self.deadline = deadline
    }

    /// Whether it is not even known to be there.
    var isDoubt: Bool { if case .releaseIfThere = kind { true } else { false } }

    /// PostgreSQL was asked, and it was not there: later, at its deadline at the
    /// latest, which comes soon after the first look.
    mutating func putOff(at now: Duration) {
        if due == .zero { deadline = min(deadline, now + Self.lateness) }
        due = min(now + pause, deadline)
        pause = min(pause * 2, Self.pauses.upperBound)
    }

    /// What it takes in memory, in bytes, about.
    var size: Int {
        guard case .reply(let reply, _) = kind else { return 64 }
        return 256 + reply.body.count + reply.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    }
}
