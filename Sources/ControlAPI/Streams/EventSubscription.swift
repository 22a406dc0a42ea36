import Domain
import Synchronization

/// One reader's place among the events, between the hub that offers them and
/// the stream that sends them.
///
/// It is behind while pages of the log are read for it, and then live: the
/// hub's events wait in a queue. The queue fills already during each lap of a
/// replay, so that there is no hole between the two; where it overflows, it is
/// emptied and another lap is run, since the log has all of it. `reached` is
/// the position up to which everything was handed over: no double either.
final class EventSubscription: Sendable {
    /// What the stream is to do next.
    enum Step: Sendable {
        case send([EventFrame])
        case heartbeat
        /// Say why, if anybody is there, and end.
        case close(EventStreamEnd)
    }

    /// A stretch of the log that is to be read: after `after`, up to `upTo`.
    struct Lap: Sendable, Equatable {
        var after: Int64
        var upTo: Int64
    }

    /// What became of an offered event.
    enum Reception: Sendable { case taken, refused, fellBehind }

    let scope: EventScope
    /// Nil where nobody needs a key.
    let owner: EventStreamOwner?
    private let standing: CallerStanding?
    private let types: Set<EventType>
    private let limits: EventHubLimits
    private let state: Mutex<EventSubscriptionState>

    /// - Parameters:
    ///   - types: only events of these; empty: of any.
    ///   - after: only events after this position.
    ///   - finalSince: since when the session is over and its end in the log; nil
    ///     where it is not.
    init(
        scope: EventScope, standing: CallerStanding?, types: Set<EventType>, after: Int64, heartbeat: Duration,
        finalSince: Duration?, now: Duration, limits: EventHubLimits
    ) {
        self.scope = scope
        self.standing = standing
        owner = standing.map { EventStreamOwner($0.caller) }
        self.types = types
        self.limits = limits
        state = Mutex(
            EventSubscriptionState(reached: after, heartbeat: heartbeat, finalSince: finalSince, now: now))
    }

    /// The types to ask the log for: a session's end has to be seen by a stream
    /// that does not send it, too.
    var queryTypes: [EventType] {
        guard !types.isEmpty, case .session = scope else { return Array(types) }
        return Array(types.union(EventType.final))
    }

    private func change<Value: Sendable>(_ body: (inout EventSubscriptionState) -> Value) -> Value {
        let (value, wakeups) = state.withLock { state in
            let value = body(&state)
            return (value, state.settle())
        }
        wakeups.resume()
        return value
    }

    // MARK: The hub's side, under its lock and in the order of the positions

    /// The stretch to read next, given that the hub has offered all up to
    /// `position`; nil when the subscription is live from here on.
    func lap(hubAt position: Int64) -> Lap? {
        change { $0.lap(hubAt: position) }
    }

    /// An event that the hub has read. The frame is made where it is wanted.
    func offer(_ event: StoredEvent, at now: Duration, frame: () -> EventFrame) -> Reception {
        change { state in
            guard state.end == nil, event.position > state.reached else { return .refused }
            note(event, at: now, &state)
            guard isWanted(event.type), state.isQueueing else { return .refused }
            return state.enqueue(frame(), at: now, limits)
        }
    }

    private func isWanted(_ type: EventType) -> Bool { types.isEmpty || types.contains(type) }

    private func note(_ event: StoredEvent, at now: Duration, _ state: inout EventSubscriptionState) {
        guard event.type.isFinal, case .session = scope, state.finalSince == nil else { return }
        state.finalSince = now
    }

    // MARK: The replay's side

    /// Keeps the task that reads the log for it; it is cancelled with the end.
    func replays(in task: Task<Void, Never>) {
        change { state in
            if state.end == nil, !state.isLive { state.replay = task } else { task.cancel() }
        }
    }

    /// A page of the log: all that there is up to `position`. Waits until the page
    /// before it was taken; false when nobody wants any more.
    func hand(_ page: [StoredEvent], upTo position: Int64, at now: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            change { $0.pageTaken = continuation }
        }
        return change { state in
            guard state.end == nil else { return false }
            page.forEach { note($0, at: now, &state) }
            state.page = page.filter { isWanted($0.type) }.map(EventFrame.init)
            state.pageSince = state.page.isEmpty ? nil : now
            state.reached = position
            return true
        }
    }

    /// The log did not answer: that is not the reader's fault.
    func replayFailed(at now: Duration) {
        change { state in
            if state.behindSince != nil { state.behindSince = now }
        }
    }

    // MARK: The clock's side

    /// Looks at what time has brought. `caughtUpAt` is when the hub began to read
    /// the log and found its end; `time` is the wall clock's, by which credentials
    /// end. Gives up a stream that does not end.
    func tick(at now: Duration, _ time: Timestamp, caughtUpAt: Duration?) {
        if let standing, !standing.isGood(at: time) { finish(.credentialExpired, at: now) }
        let abandon = change { state -> (@Sendable () -> Void)? in
            if state.isDeaf(at: now, limits) { return state.abandon.take() }
            state.tick(at: now, caughtUpAt: caughtUpAt, limits)
            return nil
        }
        abandon?()
    }

    /// Ends it; the first end counts.
    func finish(_ end: EventStreamEnd, at now: Duration? = nil) {
        change { $0.finish(end, at: now) }
    }

    // MARK: The stream's side

    /// What cuts the stream when its reader does not even take the last event.
    func abandons(by abandon: @escaping @Sendable () -> Void) {
        change { $0.abandon = abandon }
    }

    /// Waits for what is to be done next; what it gave before is done. One call at
    /// a time.
    func next() async -> Step {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                change { state in
                    state.sending = (0, 0)
                    state.waiter = continuation
                }
            }
        } onCancel: {
            finish(.clientGone)
        }
    }

    /// The stream is over; why, for the books.
    func leave() -> EventStreamEnd {
        change { state in
            state.finish(.clientGone, at: nil)
            state.abandon = nil
            return state.end ?? .clientGone
        }
    }
}
