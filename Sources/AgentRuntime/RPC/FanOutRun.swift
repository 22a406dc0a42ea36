import Domain

/// A call to several participants under way; lives on its session's actor.
final class FanOutRun {
    /// What it is for.
    enum Purpose {
        case call
        case notification(NotificationReceipt)
    }

    let purpose: Purpose
    let method: String
    let started: Duration
    let startedAt: Timestamp
    /// What comes of the calls belongs to the trace in which they were made,
    /// whoever brings it about.
    let trace = TraceContext.current
    var fanOut: FanOut
    /// One call per recipient, and the deadline.
    var tasks: [Task<Void, Never>] = []
    /// The receipt as it was kept, once it is complete.
    var completed: NotificationReceipt?
    /// Open when every recipient has its outcome.
    let done = Latch()

    init(_ method: String, purpose: Purpose, fanOut: FanOut, clock: any TurngateClock) {
        self.method = method
        self.purpose = purpose
        self.fanOut = fanOut
        started = clock.uptime
        startedAt = clock.now
    }

    /// The line of the invocation log that a recipient's call becomes. What
    /// was sent and answered is not in it: that is kept where a method says
    /// so, and this one is the participant's.
    func record(_ receipt: RecipientReceipt, in session: SessionID) -> RPCInvocationRecord {
        RPCInvocationRecord(
            id: InvocationID(at: startedAt), sessionID: session, direction: .out, method: method,
            participant: receipt.identity, startedAt: startedAt, duration: receipt.latency ?? .zero,
            outcome: RPCInvocationRecord.Outcome(error: receipt.error), error: receipt.error)
    }

    /// The receipt as it stands; nil for a plain call.
    var receipt: NotificationReceipt? {
        if let completed { return completed }
        guard case .notification(var receipt) = purpose else { return nil }
        receipt.recipients = fanOut.recipients
        return receipt
    }
}
