/// A call on its way from the caller to the thread.
struct Job: Sendable {
    typealias Outcome = Result<OutboundResponse, OutboundError>

    let id: UInt64
    let request: OutboundRequest
    /// Host and port: what the bounds for one host go by.
    let destination: String
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Outcome, Never>
}
