import Domain
import Logging
import Metrics
import Synchronization

/// Brings the events from the log to all streams of the process.
///
/// The log is read once for all live streams: when somebody says that there is
/// news (`wake`), and every 500 ms. Nobody reads it while nobody listens. A
/// stream that comes is told from which position on it belongs to the live ones;
/// what lies before it is read for it alone. While the log is away, streams stay
/// open, and go on where they were when it is back.
public final class EventHub: Sendable {
    struct State {
        var index = EventIndex()
        /// Everything up to here was offered; nil while nobody listens.
        var position: Int64?
        /// Changes when the position is given up, so that a read that was under way
        /// is of no consequence.
        var generation: UInt64 = 0
        /// When the read began that found the log's end.
        var caughtUpAt: Duration?
        var failures = 0
        var pausedUntil: Duration?
        var isStopping = false
        var emptied: CheckedContinuation<Void, Never>?
    }

    let log: any EventLog
    let clock: any TurngateClock
    let limits: EventHubLimits
    let logger: Logger
    let metrics: EventStreamMetrics
    let gate: EventReadGate
    let state = Mutex(State())
    let news: AsyncStream<Void>
    private let announce: AsyncStream<Void>.Continuation
    private let listeners = Atomic<Int>(0)

    /// A hub that does nothing before `run`.
    public init(
        log: any EventLog, clock: any TurngateClock, metrics: MetricsRegistry, logger: Logger,
        limits: EventHubLimits = EventHubLimits()
    ) {
        self.log = log
        self.clock = clock
        self.limits = limits
        self.logger = logger
        self.metrics = EventStreamMetrics(metrics)
        gate = EventReadGate(places: limits.replays)
        (news, announce) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// There is something new in the log. Cheap, and never waits: for whoever has
    /// just committed.
    public func wake() {
        if listeners.load(ordering: .relaxed) > 0 { announce.yield() }
    }

    /// Reads, and keeps the time, until `stop` or the task's cancellation. Once.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.readNews() }
            group.addTask { await self.keepTime() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells every stream `shutting_down`, takes no new one, and waits until all
    /// have sent that or `deadline` is over. To be called before the HTTP server's
    /// own stop, which would cut their last words off.
    public func stop(deadline: Duration) async {
        let open = state.withLock { state in
            state.isStopping = true
            return state.index.all
        }
        for subscription in open { subscription.finish(.shuttingDown, at: clock.uptime) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.untilEmpty() }
            group.addTask { try? await self.clock.sleep(for: deadline) }
            await group.next()
            group.cancelAll()
        }
        announce.finish()
    }

    private func untilEmpty() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isEmpty = state.withLock { state in
                    if state.index.count == 0 || Task.isCancelled { return true }
                    state.emptied = continuation
                    return false
                }
                if isEmpty { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.emptied.take() }?.resume()
        }
    }

    // MARK: Streams

    /// Where the log stands. To be asked before anything else is looked at that a
    /// stream from now on depends on.
    func lastPosition() async throws(TurngateError) -> Int64 { try await log.lastPosition() }

    /// A new reader of what is in the log after `after`. `last` is what
    /// `lastPosition` said; the hub begins there when this is the first reader.
    /// Throws `overloaded` and `shuttingDown`. To be given back with `leave`.
    func subscribe(
        _ scope: EventScope, for standing: CallerStanding? = nil, types: Set<EventType>, after: Int64, last: Int64,
        heartbeat: Duration, finalSince: Duration?
    ) throws(TurngateError) -> EventSubscription {
        let subscription = EventSubscription(
            scope: scope, standing: standing, types: types, after: after, heartbeat: heartbeat, finalSince: finalSince,
            now: clock.uptime, limits: limits)
        let entry = state.withLock { state -> Result<EventSubscription.Lap?, TurngateError> in
            if state.isStopping { return .failure(.shuttingDown) }
            if let refusal = refusal(of: subscription.owner, state.index) { return .failure(refusal) }
            let position = state.position ?? last
            state.position = position
            state.index.insert(subscription)
            metrics.streams.add(1)
            return .success(subscription.lap(hubAt: position))
        }
        let lap = try entry.get()
        listeners.add(1, ordering: .relaxed)
        if let lap { replay(subscription, from: lap) }
        wake()
        return subscription
    }

    private func refusal(of owner: EventStreamOwner?, _ index: EventIndex) -> TurngateError? {
        if index.count >= limits.streams {
            return .overloaded("The service has \(limits.streams) open streams of events.")
        }
        guard let owner, index.count(of: owner) >= limits.streams(of: owner) else { return nil }
        return .overloaded("The caller has \(limits.streams(of: owner)) open streams of events.")
    }

    /// The reader is gone, or was told the end.
    func leave(_ subscription: EventSubscription) {
        let end = subscription.leave()
        let (wasThere, emptied) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.index.remove(subscription) else { return (false, nil) }
            // Here, so that who sees no stream any more finds none counted either.
            metrics.close(end)
            guard state.index.count == 0 else { return (true, nil) }
            state.position = nil
            state.caughtUpAt = nil
            state.generation += 1
            return (true, state.emptied.take())
        }
        guard wasThere else { return }
        listeners.subtract(1, ordering: .relaxed)
        emptied?.resume()
    }
}
