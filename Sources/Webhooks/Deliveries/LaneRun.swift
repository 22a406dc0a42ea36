import Domain
import Logging

/// Delivers what waits in a lane, one after the other, as long as it is this
/// process's turn.
struct LaneRun: Sendable {
    let outbox: any WebhookOutbox
    let sender: WebhookSender
    let plan: RetryPlan
    let clock: any TurngateClock
    let configuration: DelivererConfiguration
    let metrics: WebhookMetrics?
    let logger: Logger
    /// Whether to leave off after the delivery that is under way.
    let isStopping: @Sendable () -> Bool
    /// Told after each attempt whether it failed.
    let onAttempt: @Sendable (WebhookID, Bool) -> Void
    /// Told when the webhook is gone, or its lane is somebody else's by now.
    let onLost: @Sendable (WebhookID) -> Void
    /// Told when deliveries are to be discarded.
    let onGone: @Sendable () -> Void

    /// How a delivery leaves its lane.
    private enum Step {
        case next, look, over
    }

    /// How often an attempt is written down when PostgreSQL does not answer, and
    /// the pause between; after that the lease runs out, and the delivery is made
    /// again.
    private static let settleAttempts = 3
    private static let settlePause = Duration.seconds(1)
    /// How long a lane rests when it is our own doing that nothing was sent.
    private static let rest = Duration.seconds(1)

    /// Until nothing waits in it, an attempt failed, or its turn is over.
    func run(_ lane: WebhookLane) async {
        let end = clock.uptime + configuration.laneTurn
        do throws(TurngateError) {
            while try await deliverBatch(of: lane, until: end) {}
        } catch {
            logger.warning(
                "a webhook's deliveries were interrupted",
                metadata: ["webhook": "\(lane.webhook)", "session": "\(lane.session)", "problem": "\(error)"])
        }
    }

    /// False when the lane was given back, or lost.
    private func deliverBatch(of lane: WebhookLane, until end: Duration) async throws(TurngateError) -> Bool {
        guard
            let batch = try await outbox.batch(
                of: lane, limit: configuration.batchLimit, bytes: configuration.batchBytes)
        else {
            onLost(lane.webhook)
            try await outbox.release(lane, due: nil, through: nil)
            return false
        }
        if batch.deliveries.isEmpty {
            try await outbox.release(lane, due: nil, through: batch.lastPosition)
            return false
        }
        var failingSince = batch.failingSince
        for delivery in batch.deliveries {
            // To the end of the line: others have waited meanwhile.
            if isStopping() || clock.uptime >= end {
                try await outbox.release(lane, due: clock.now, through: nil)
                return false
            }
            switch try await deliver(delivery, in: lane, to: batch.target, &failingSince) {
            case .next: continue
            case .look: return true
            case .over: return false
            }
        }
        return true
    }

    private func deliver(
        _ delivery: QueuedDelivery, in lane: WebhookLane, to target: WebhookTarget, _ failingSince: inout Timestamp?
    ) async throws(TurngateError) -> Step {
        let answer = await TraceContext.$current.withValue(delivery.trace) {
            await sender.send(delivery.body, id: "\(delivery.event)", trace: delivery.trace, to: target)
        }
        if case .notSent = answer.verdict {
            try await outbox.release(lane, due: clock.now + Self.rest, through: nil)
            return .over
        }
        let attempt = attempt(at: delivery, answer, failingSince: failingSince)
        failingSince = attempt.outcome == .delivered ? nil : failingSince ?? answer.at
        tell(attempt, of: delivery, target)
        onAttempt(lane.webhook, attempt.outcome != .delivered)
        // First of all, so that nobody takes the lane once it is given back.
        if answer.verdict == .gone { try await disable(target) }
        let standing = try await settle(lane, attempt)
        guard case .held(let revision) = standing else {
            onLost(lane.webhook)
            return .over
        }
        if answer.verdict == .gone { onLost(lane.webhook) }
        if case .again = attempt.outcome { return .over }
        return revision == target.revision ? .next : .look
    }

    private func attempt(
        at delivery: QueuedDelivery, _ answer: WebhookSender.Answer, failingSince: Timestamp?
    ) -> WebhookAttempt {
        WebhookAttempt(
            position: delivery.position, at: answer.at, duration: answer.duration, status: answer.verdict.status,
            error: answer.verdict.problem, outcome: outcome(of: delivery, answer, failingSince: failingSince))
    }

    private func outcome(
        of delivery: QueuedDelivery, _ answer: WebhookSender.Answer, failingSince: Timestamp?
    ) -> WebhookAttempt.Outcome {
        var pause: Duration?
        switch answer.verdict {
        case .accepted: return .delivered
        // Nobody takes the lane once the webhook is disabled; and if it no longer
        // is the one that answered, the new one is tried at once.
        case .gone: return .again(answer.at)
        case .refused(_, let retryAfter): pause = retryAfter
        case .unanswered, .notSent: break
        }
        // What had to wait behind a delivery that failed has its time, too, from
        // its own event on: a lane empties as fast as it was filled.
        let since = max(delivery.createdAt, failingSince ?? answer.at)
        let next = plan.next(after: delivery.attempts + 1, at: clock.now, since: since, retryAfter: pause)
        return next.map { .again($0) } ?? .failed
    }

    private func settle(_ lane: WebhookLane, _ attempt: WebhookAttempt) async throws(TurngateError) -> LaneStanding {
        var attempts = 1
        while true {
            do throws(TurngateError) {
                return try await outbox.settle(lane, attempt, lease: configuration.lease)
            } catch {
                guard case .storeUnavailable = error, attempts < Self.settleAttempts, !Task.isCancelled else {
                    throw error
                }
                attempts += 1
                try? await clock.sleep(for: Self.settlePause)
            }
        }
    }

    private func disable(_ target: WebhookTarget) async throws(TurngateError) {
        guard try await outbox.disableGone(target.id, url: target.url) else { return }
        logger.warning("a webhook is gone (410) and was disabled", metadata: ["webhook": "\(target.id)"])
        onGone()
    }

    private func tell(_ attempt: WebhookAttempt, of delivery: QueuedDelivery, _ target: WebhookTarget) {
        metrics?.duration.observe(attempt.duration.seconds)
        switch attempt.outcome {
        case .delivered: metrics?.delivered.increment()
        case .again where attempt.status == 410: metrics?.gone.increment()
        case .again: metrics?.retried.increment()
        case .failed: metrics?.failed.increment()
        }
        guard attempt.outcome != .delivered else { return }
        var metadata: Logger.Metadata = [
            "webhook": "\(target.id)", "event": "\(delivery.event)", "attempt": "\(delivery.attempts + 1)",
            "problem": "\(attempt.error ?? "")",
        ]
        if let trace = delivery.trace { metadata["trace_id"] = "\(trace.traceID)" }
        let isLost = attempt.outcome == .failed
        logger.log(
            level: isLost ? .error : .debug,
            isLost ? "an event was not delivered and is given up" : "a delivery failed and is tried again",
            metadata: metadata)
    }
}
