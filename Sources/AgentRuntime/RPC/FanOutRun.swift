import Domain

/// A call to several participants under way; lives on its session's actor.
final class FanOutRun {
    /// What it is for.
    enum Purpose {
        case call
        case notification(NotificationReceipt)
    }

    let purpose: Purpose
    let started: Duration
    var fanOut: FanOut
    /// One call per recipient, and the deadline.
    var tasks: [Task<Void, Never>] = []
    /// The receipt as it was kept, once it is complete.
    var completed: NotificationReceipt?
    /// Open when every recipient has its outcome.
    let done = Latch()

    init(purpose: Purpose, fanOut: FanOut, started: Duration) {
        self.purpose = purpose
        self.fanOut = fanOut
        self.started = started
    }

    /// The receipt as it stands; nil for a plain call.
    var receipt: NotificationReceipt? {
        if let completed { return completed }
        guard case .notification(var receipt) = purpose else { return nil }
        receipt.recipients = fanOut.recipients
        return receipt
    }
}
