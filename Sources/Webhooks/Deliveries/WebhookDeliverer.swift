import Domain
import Logging
import OutboundHTTP
import Synchronization

/// Empties the outbox: takes lanes in which something is due, delivers them, and
/// tidies up. Any number of processes do so beside each other.
public final class WebhookDeliverer: Sendable {
    private struct State {
        var inFlight: InFlight
        var cursor: WebhookID?
        var isStopping = false
        var isAway = false
        var task: Task<Void, Never>?
    }

    private let outbox: any WebhookOutbox
    private let client: OutboundHTTPClient
    private let clock: any TurngateClock
    private let configuration: DelivererConfiguration
    private let metrics: WebhookMetrics?
    private let logger: Logger
    private let doorbell = Doorbell()
    private let newsBell = Doorbell()
    private let tidyBell = Doorbell()
    private let state: Mutex<State>

    /// Does nothing until `start`. `client` should leave room for
    /// `configuration.maxInFlight` calls, to one host too, and its address policy
    /// is the guard of what webhooks may reach.
    public init(
        outbox: any WebhookOutbox, client: OutboundHTTPClient, clock: any TurngateClock, metrics: WebhookMetrics?,
        logger: Logger, configuration: DelivererConfiguration = DelivererConfiguration()
    ) {
        self.outbox = outbox
        self.client = client
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        self.configuration = configuration
        let inFlight = InFlight(
            limit: configuration.maxInFlight, limitPerWebhook: configuration.maxInFlightPerWebhook)
        state = Mutex(State(inFlight: inFlight))
    }

    /// Begins to deliver; once.
    public func start() {
        state.withLock { state in
            guard state.task == nil, !state.isStopping else { return }
            state.task = Task { await run() }
        }
    }

    /// Says that there may be something new to deliver. Cheap; from anywhere.
    public func wake() { newsBell.ring() }

    /// Begins nothing more and waits for what is under way, at most `deadline`
    /// long; what is under way then is broken off, and will be delivered again.
    public func stop(deadline: Duration) async {
        let task = state.withLock { state in
            state.isStopping = true
            return state.task
        }
        doorbell.ring()
        guard let task else { return }
        let timer = Task { [clock] in
            do { try await clock.sleep(for: deadline) } catch { return }
            task.cancel()
        }
        await task.value
        timer.cancel()
    }

    /// Delivers until `stop`, or until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ring(self.doorbell, every: self.configuration.poll) }
            group.addTask { await self.passNewsOn() }
            group.addTask { await self.ring(self.tidyBell, every: self.configuration.tidyEvery) }
            group.addTask { await self.tidy() }
            await deliver()
            group.cancelAll()
        }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func ring(_ bell: Doorbell, every pause: Duration) async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: pause) } catch { return }
            bell.ring()
        }
    }

    /// At a pace: in a busy moment there is news all the time. A lane that has
    /// ended and left its place free rings the bell itself.
    private func passNewsOn() async {
        while !Task.isCancelled {
            await newsBell.wait()
            doorbell.ring()
            if configuration.pace > .zero {
                do { try await clock.sleep(for: configuration.pace) } catch { return }
            }
        }
    }

    private func deliver() async {
        await withDiscardingTaskGroup { group in
            while !isStopping, !Task.isCancelled {
                // As long as there is more than could be taken at once.
                while let lanes = await claim(), !lanes.isEmpty, !isStopping {
                    for lane in lanes { group.addTask { await self.deliver(lane) } }
                }
                await doorbell.wait()
            }
        }
    }

    /// Leases what is due, and counts it as under way; nil when there is no room,
    /// or PostgreSQL is away.
    private func claim() async -> [WebhookLane]? {
        let wish = state.withLock { state -> LaneWish? in
            guard state.inFlight.room > 0 else { return nil }
            return LaneWish(
                now: clock.now, lease: configuration.lease, limit: state.inFlight.room,
                room: state.inFlight.roomByWebhook, roomOfOthers: state.inFlight.roomOfOthers, after: state.cursor)
        }
        guard let wish else { return nil }
        do throws(TurngateError) {
            let lanes = try await outbox.claim(wish)
            return take(lanes, of: wish)
        } catch {
            if !Task.isCancelled { tell(isAway: true, "\(error)") }
            return nil
        }
    }

    /// The next look goes on behind the last webhook that got room, so that none
    /// has to wait for ever behind others.
    private func take(_ lanes: [WebhookLane], of wish: LaneWish) -> [WebhookLane]? {
        tell(isAway: false)
        let isWrapped = state.withLock { state -> Bool in
            for lane in lanes { state.inFlight.begin(lane.webhook) }
            state.cursor = lanes.count < wish.limit ? nil : lanes.last?.webhook
            return wish.after != nil && state.cursor == nil
        }
        // It had begun in the middle: look at those before, too.
        if isWrapped { doorbell.ring() }
        return lanes
    }

    private func deliver(_ lane: WebhookLane) async {
        let run = LaneRun(
            outbox: outbox,
            sender: WebhookSender(client: client, clock: clock, timeout: configuration.requestTimeout),
            plan: RetryPlan(giveUpAfter: configuration.giveUpAfter, jitter: configuration.jitter), clock: clock,
            configuration: configuration, metrics: metrics, logger: logger, isStopping: { self.isStopping },
            onAttempt: { webhook, failed in
                self.state.withLock { $0.inFlight.record(webhook, failed: failed, at: self.clock.uptime) }
            },
            onLost: { webhook in self.state.withLock { $0.inFlight.forget(webhook) } },
            onGone: { self.tidyBell.ring() })
        await run.run(lane)
        state.withLock { $0.inFlight.end(lane.webhook) }
        doorbell.ring()
    }

    /// Right at the start, for what a process that died has left, and whenever it
    /// is time.
    private func tidy() async {
        while !Task.isCancelled {
            state.withLock { $0.inFlight.forgetOld(at: clock.uptime) }
            do throws(TurngateError) {
                while try await outbox.tidy(configuration.ages), !Task.isCancelled {}
                metrics?.backlog.set(Double(try await outbox.backlog()))
            } catch {
                if !Task.isCancelled {
                    logger.debug("the webhooks' outbox could not be tidied up", metadata: ["problem": "\(error)"])
                }
            }
            await tidyBell.wait()
        }
    }

    /// Once for each time that PostgreSQL goes away, and once when it is back.
    private func tell(isAway: Bool, _ problem: String = "") {
        let hasChanged = state.withLock { state in
            defer { state.isAway = isAway }
            return state.isAway != isAway
        }
        guard hasChanged else { return }
        if isAway {
            logger.warning("webhooks wait for PostgreSQL", metadata: ["problem": "\(problem)"])
        } else {
            logger.info("webhooks are delivered again")
        }
    }
}
