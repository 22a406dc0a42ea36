/// The memory of which keyed calls were carried out, for a day each.
public protocol IdempotencyLog: Sendable {
    /// Takes the key, or says what stands in the way. The claim is durable
    /// before this returns; one whose process is off the register of runtimes is
    /// given to the next who asks, unless it had made something already.
    func claim(_ request: IdempotencyRequest) async throws(TurngateError) -> IdempotencyOutcome
    /// Keeps the answer for repeats.
    func complete(_ claim: IdempotencyClaim, with reply: StoredReply) async throws(TurngateError)
    /// Gives the key back: nothing was done.
    func release(_ claim: IdempotencyClaim) async throws(TurngateError)
}
