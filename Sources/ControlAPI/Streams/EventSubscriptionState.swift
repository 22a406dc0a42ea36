import Domain

/// What a subscription knows, and what follows from it: no lock, no time of its
/// own.
struct EventSubscriptionState: Sendable {
    typealias Step = EventSubscription.Step

    /// Everything up to here was handed to the stream.
    var reached: Int64
    private(set) var isLive = false
    /// Whether the queue has all that was offered since the lap began.
    private(set) var isQueueing = false
    private var lapEnd: Int64?
    private var queue: [EventFrame] = []
    private var queuedBytes = 0
    /// What the stream is sending; it counts as queued.
    var sending = (events: 0, bytes: 0)
    /// Of the replay; it goes before the queue.
    var page: [EventFrame] = []
    /// Since when the page waits to be taken.
    var pageSince: Duration?
    var pageTaken: CheckedContinuation<Void, Never>?
    var replay: Task<Void, Never>?
    /// Since when a reader that was live is behind.
    var behindSince: Duration?
    var finalSince: Duration?
    private let heartbeat: Duration
    private var nextHeartbeat: Duration
    private var isHeartbeatDue = false
    private var hasSent = false
    private(set) var end: EventStreamEnd?
    private var endedAt: Duration?
    var waiter: CheckedContinuation<Step, Never>?
    var abandon: (@Sendable () -> Void)?

    init(reached: Int64, heartbeat: Duration, finalSince: Duration?, now: Duration) {
        self.reached = reached
        self.heartbeat = heartbeat
        self.finalSince = finalSince
        nextHeartbeat = now + heartbeat
    }

    mutating func lap(hubAt position: Int64) -> EventSubscription.Lap? {
        if lapEnd != nil, isQueueing { return goLive() }
        emptyQueue()
        guard reached < position else { return goLive() }
        lapEnd = position
        isQueueing = true
        return EventSubscription.Lap(after: reached, upTo: position)
    }

    private mutating func goLive() -> EventSubscription.Lap? {
        lapEnd = nil
        isQueueing = true
        isLive = true
        // With the last page still to be taken, it has not caught up.
        if page.isEmpty { behindSince = nil }
        replay = nil
        return nil
    }

    mutating func enqueue(
        _ frame: EventFrame, at now: Duration, _ limits: EventHubLimits
    ) -> EventSubscription.Reception {
        let events = queue.count + page.count + sending.events
        let bytes = queuedBytes + sending.bytes + frame.bytes.count
        // One that is too big by itself is let through alone.
        guard events == 0 || (events < limits.queuedEvents && bytes <= limits.queuedBytes) else {
            emptyQueue()
            isQueueing = false
            guard isLive else { return .refused }
            isLive = false
            behindSince = behindSince ?? now
            return .fellBehind
        }
        queue.append(frame)
        queuedBytes += frame.bytes.count
        return .taken
    }

    private mutating func emptyQueue() {
        queue = []
        queuedBytes = 0
    }

    /// Nobody has read the last words for too long.
    func isDeaf(at now: Duration, _ limits: EventHubLimits) -> Bool {
        endedAt.map { now - $0 > limits.lastWords } ?? false
    }

    mutating func tick(at now: Duration, caughtUpAt: Duration?, _ limits: EventHubLimits) {
        if let since = behindSince, now - since > limits.patience { return finish(.tooSlow, at: now) }
        if let since = pageSince, now - since > limits.patience { return finish(.tooSlow, at: now) }
        if let since = finalSince, let caughtUpAt, caughtUpAt - since >= limits.drain, isIdle {
            return finish(.sessionOver, at: now)
        }
        if hasSent {
            hasSent = false
            nextHeartbeat = now + heartbeat
        } else if now >= nextHeartbeat {
            isHeartbeatDue = true
            nextHeartbeat = now + heartbeat
        }
    }

    /// All that is known was sent.
    private var isIdle: Bool { isLive && queue.isEmpty && page.isEmpty && waiter != nil }

    mutating func finish(_ end: EventStreamEnd, at now: Duration?) {
        guard self.end == nil else { return }
        self.end = end
        endedAt = now
        emptyQueue()
        page = []
        pageSince = nil
        replay?.cancel()
        replay = nil
    }

    /// Whom to wake after a change: the stream, when there is something to do for
    /// it, and the replay, when its page was taken.
    mutating func settle() -> EventWakeups {
        var wakeups = EventWakeups()
        if let waiter, let step = nextStep() {
            self.waiter = nil
            wakeups.stream = (waiter, step)
        }
        if page.isEmpty { wakeups.replay = pageTaken.take() }
        return wakeups
    }

    private mutating func nextStep() -> Step? {
        if let end { return .close(end) }
        if !page.isEmpty {
            defer { page = [] }
            pageSince = nil
            if isLive { behindSince = nil }
            return send(page)
        }
        if isLive, let last = queue.last {
            reached = max(reached, last.position)
            defer { emptyQueue() }
            return send(queue)
        }
        guard isHeartbeatDue else { return nil }
        isHeartbeatDue = false
        return .heartbeat
    }

    private mutating func send(_ frames: [EventFrame]) -> Step {
        sending = (frames.count, frames.reduce(0) { $0 + $1.bytes.count })
        hasSent = true
        isHeartbeatDue = false
        return .send(frames)
    }
}

/// Continuations to resume once a subscription's lock is given back.
struct EventWakeups {
    var stream: (waiter: CheckedContinuation<EventSubscription.Step, Never>, step: EventSubscription.Step)?
    var replay: CheckedContinuation<Void, Never>?

    func resume() {
        if let stream { stream.waiter.resume(returning: stream.step) }
        replay?.resume()
    }
}
