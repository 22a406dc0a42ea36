/// How long an upload has waited for its client. Stands still while the client waits for us.
struct UploadClock {
    private let limits: HTTPBodyStreamLimits
    private var waited = Duration.zero
    private var since: ContinuousClock.Instant?

    init(_ limits: HTTPBodyStreamLimits, at now: ContinuousClock.Instant) {
        self.limits = limits
        since = now
    }

    /// The client's turn, afresh: a piece has come, or there is room again.
    mutating func run(at now: ContinuousClock.Instant) {
        stop(at: now)
        since = now
    }

    /// Our turn.
    mutating func stop(at now: ContinuousClock.Instant) {
        if let since { waited += now - since }
        since = nil
    }

    func overdue(at now: ContinuousClock.Instant) -> HTTPBodyError? {
        guard let since else { return nil }
        if now - since > limits.pause { return .pauseTooLong }
        return waited + (now - since) > limits.whole ? .tookTooLong : nil
    }
}
