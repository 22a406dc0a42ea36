/// The memory of which keyed calls were carried out, for a day each.
public protocol IdempotencyLog: Sendable {
    /// Takes the key, or says what stands in the way. The claim is durable
    /// before this returns; one whose process is off the register of runtimes is
    /// given to the next who asks, together with what it had made already.
    func claim(_ request: IdempotencyRequest) async throws(TurngateError) -> IdempotencyOutcome
    /// Keeps the answer for repeats. One with a status of 500 or more is kept
    /// only where the call had made something; otherwise the key is given back.
    /// When PostgreSQL is away this returns nevertheless: the answer is kept in
    /// memory, shown to repeats from there, and written down later.
    func complete(_ claim: IdempotencyClaim, with reply: StoredReply) async throws(TurngateError)
    /// Gives the key back: nothing was done. Where the call had made something
    /// nevertheless, repeats are told what (`made`). Returns when PostgreSQL is
    /// away, and is done later.
    func release(_ claim: IdempotencyClaim) async throws(TurngateError)
}
