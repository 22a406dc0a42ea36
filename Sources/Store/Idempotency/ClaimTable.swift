import Domain

/// The claims of this process: those under way, and those whose end is not in
/// PostgreSQL yet.
struct ClaimTable: Sendable {
    private struct Entry {
        let request: IdempotencyRequest
        let claim: IdempotencyClaim
        var reply: StoredReply?
    }

    private var entries: [KeyedCall: Entry] = [:]
    private var calls: [IdempotencyClaim: KeyedCall] = [:]
    /// Ends of calls, to be written in their order.
    private var unwritten: [UnwrittenSettlement] = []
    /// Claims of which it is not known whether they are there. Nobody waits for
    /// them, so none of them keeps an end from being written.
    private var doubts: [UnwrittenSettlement] = []
    private var unwrittenBytes = 0
    /// The most that waits for PostgreSQL.
    let byteLimit: Int
    /// Whether somebody writes what waits.
    private(set) var hasWriter = false

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// How many ends wait to be written.
    var unwrittenCount: Int { unwritten.count }
    /// How many claims may be there or may yet come.
    var doubtCount: Int { doubts.count }

    /// What is known of a call without asking PostgreSQL; nil: nothing.
    func outcome(of request: IdempotencyRequest) -> IdempotencyOutcome? {
        guard let entry = entries[KeyedCall(request)] else { return nil }
        guard entry.request.fingerprint == request.fingerprint else { return .mismatch }
        return entry.reply.map { .replied($0) } ?? .running
    }

    /// A claim that PostgreSQL gave us.
    mutating func begin(_ claim: IdempotencyClaim, _ request: IdempotencyRequest) {
        let call = KeyedCall(request)
        if let former = entries[call] { calls[former.claim] = nil }
        entries[call] = Entry(request: request, claim: claim)
        calls[claim] = call
    }

    /// A claim whose end is written down.
    mutating func forget(_ claim: IdempotencyClaim) {
        guard let call = calls.removeValue(forKey: claim) else { return }
        entries[call] = nil
    }

    /// Keeps an end for the writer. False when there is no room left for it.
    mutating func keep(_ settlement: UnwrittenSettlement) -> Bool {
        guard unwrittenBytes + settlement.size <= byteLimit else { return false }
        if case .reply(let reply, _) = settlement.kind, let call = calls[settlement.claim] {
            entries[call]?.reply = reply.status < 500 ? reply : nil
        }
        if settlement.isDoubt { doubts.append(settlement) } else { unwritten.append(settlement) }
        unwrittenBytes += settlement.size
        return true
    }

    /// Whether the one who asks is to write; there is one writer at a time.
    mutating func takeWriting() -> Bool {
        guard !hasWriter, !unwritten.isEmpty || !doubts.isEmpty else { return false }
        hasWriter = true
        return true
    }

    /// What the writer is to do.
    enum Step {
        case write(UnwrittenSettlement)
        /// Nothing is due; look again after this.
        case rest(Duration)
    }

    /// What the writer is to do at `now`: an end before any doubt, a doubt when
    /// its own time has come. Nil ends its work.
    mutating func next(at now: Duration) -> Step? {
        if let end = unwritten.first { return .write(end) }
        guard let doubt = doubts.min(by: { $0.due < $1.due }) else {
            hasWriter = false
            return nil
        }
        return doubt.due <= now ? .write(doubt) : .rest(doubt.due - now)
    }

    /// It is written, or given up.
    mutating func settle(_ settlement: UnwrittenSettlement) {
        guard remove(settlement, from: settlement.isDoubt ? \.doubts : \.unwritten) else { return }
        unwrittenBytes -= settlement.size
        forget(settlement.claim)
    }

    /// A doubt that was looked for at `now` and was not there is looked for
    /// again, each time a while later, and once more at its end.
    mutating func putOff(_ doubt: UnwrittenSettlement, at now: Duration) {
        guard let index = doubts.firstIndex(where: { $0.claim == doubt.claim }) else { return }
        doubts[index].putOff(at: now)
    }

    private mutating func remove(
        _ settlement: UnwrittenSettlement, from list: WritableKeyPath<Self, [UnwrittenSettlement]>
    ) -> Bool {
        guard let index = self[keyPath: list].firstIndex(where: { $0.claim == settlement.claim }) else { return false }
        self[keyPath: list].remove(at: index)
        return true
    }
}
