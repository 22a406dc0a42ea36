import CPostgres
import Glibc
import Synchronization

/// The bounded mailbox of the loop, with the eventfd that wakes it.
final class LoopInbox: Sendable {
    private struct Contents {
        var messages: [LoopMessage] = []
        /// Jobs that were taken in and not yet sent.
        var queued = 0
        var isClosing = false
        var hasEnded = false
    }

    /// The eventfd, readable while there are messages.
    let wakeDescriptor: Int32

    private let contents = Mutex(Contents())
    private let queueLimit: Int
    private let connected = Atomic(0)
    private let underWay = Atomic(0)

    init(queueLimit: Int) throws(PostgresError) {
        self.queueLimit = queueLimit
        wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeDescriptor >= 0 else {
            throw PostgresError(.invalidConfiguration, reason: "no file descriptor for the event loop")
        }
    }

    deinit {
        _ = Glibc.close(wakeDescriptor)
    }

    /// Takes a job in, or says why not.
    func submit(_ job: PoolJob) throws(PostgresError) {
        let refusal = contents.withLock { contents -> PostgresError? in
            if contents.isClosing { return .closed }
            guard contents.queued < queueLimit else {
                return PostgresError(.queueFull, reason: "\(queueLimit) queries are waiting already")
            }
            contents.queued += 1
            append(.job(job), to: &contents)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Posts anything but a job; false when the loop has ended.
    @discardableResult
    func post(_ message: LoopMessage) -> Bool {
        contents.withLock { contents in
            guard !contents.hasEnded else { return false }
            if case .close = message { contents.isClosing = true }
            append(message, to: &contents)
            return true
        }
    }

    private func append(_ message: LoopMessage, to contents: inout Contents) {
        contents.messages.append(message)
        // One wake-up is enough until the loop has emptied the mailbox.
        if contents.messages.count == 1 { eventfd_write(wakeDescriptor, 1) }
    }

    /// Empties the mailbox; only the loop calls this.
    func drain() -> [LoopMessage] {
        contents.withLock { contents in
            guard !contents.messages.isEmpty else { return [] }
            var count: eventfd_t = 0
            eventfd_read(wakeDescriptor, &count)
            let messages = contents.messages
            contents.messages = []
            return messages
        }
    }

    /// The loop ends: nothing more is taken. Gives back what came too late.
    func end() -> [LoopMessage] {
        contents.withLock { contents in
            contents.isClosing = true
            contents.hasEnded = true
            defer { contents.messages = [] }
            return contents.messages
        }
    }

    /// The loop has sent, failed or (with a negative count) taken back jobs.
    func leftQueue(_ count: Int = 1) {
        contents.withLock { $0.queued -= count }
    }

    /// For `PostgresPool.state`; the loop keeps them up to date.
    func publish(connected: Int, underWay: Int) {
        self.connected.store(connected, ordering: .relaxed)
        self.underWay.store(underWay, ordering: .relaxed)
    }

    var state: PostgresPoolState {
        let (queued, isClosing) = contents.withLock { ($0.queued, $0.isClosing) }
        return PostgresPoolState(
            connected: connected.load(ordering: .relaxed), queued: queued,
            underWay: underWay.load(ordering: .relaxed), isClosed: isClosing)
    }
}
