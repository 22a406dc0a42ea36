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
    private var unwritten: [UnwrittenSettlement] = []
    private var unwrittenBytes = 0
    /// The most that waits for PostgreSQL.
    let byteLimit: Int
    /// Whether somebody writes what waits.
    private(set) var hasWriter = false

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    var unwrittenCount: Int { unwritten.count }

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
        unwritten.append(settlement)
        unwrittenBytes += settlement.size
        return true
    }

    /// Whether the one who asks is to write; there is one writer at a time.
    mutating func takeWriting() -> Bool {
        guard !hasWriter, !unwritten.isEmpty else { return false }
        hasWriter = true
        return true
    }

    /// What the writer is to try now. Nil ends its work.
    mutating func next() -> UnwrittenSettlement? {
        if unwritten.isEmpty { hasWriter = false }
        return unwritten.first
    }

    /// The first one is written, or given up. With `again` it is tried once
    /// more, after the others.
    mutating func settleFirst(again: Bool = false) {
        guard !unwritten.isEmpty else { return }
        let settlement = unwritten.removeFirst()
        if again { return unwritten.append(settlement) }
        unwrittenBytes -= settlement.size
        forget(settlement.claim)
    }
}
