/// A call on its way from the caller to the thread.
struct Job: Sendable {
    typealias Outcome = Result<OutboundResponse, OutboundError>

    let id: UInt64
    let request: OutboundRequest
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Outcome, Never>
}
