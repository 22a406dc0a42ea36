import Domain

/// What lies before the place where a reader joins the live ones, read for it
/// alone and no faster than it takes it.
extension EventHub {
    func replay(_ subscription: EventSubscription, from lap: EventSubscription.Lap) {
        subscription.replays(in: Task { await self.run(subscription, from: lap) })
    }

    /// For a reader that has fallen behind: from what it was given last.
    func replayFromHere(_ subscription: EventSubscription) {
        if let lap = nextLap(subscription) { replay(subscription, from: lap) }
    }

    /// Nil when the subscription is live, or gone.
    private func nextLap(_ subscription: EventSubscription) -> EventSubscription.Lap? {
        state.withLock { state in state.position.flatMap { subscription.lap(hubAt: $0) } }
    }

    private func run(_ subscription: EventSubscription, from first: EventSubscription.Lap) async {
        var lap: EventSubscription.Lap? = first
        // Not knowing yet how large the events are.
        var pageSize = min(2, limits.queuedEvents)
        while let current = lap, !Task.isCancelled {
            guard await run(subscription, current, &pageSize) else { return }
            lap = nextLap(subscription)
        }
    }

    /// One lap, page by page. False when nobody wants the rest.
    private func run(
        _ subscription: EventSubscription, _ lap: EventSubscription.Lap, _ pageSize: inout Int
    ) async -> Bool {
        var after = lap.after
        while after < lap.upTo {
            let query = EventQuery(
                scope: subscription.scope, types: subscription.queryTypes, after: after, upTo: lap.upTo,
                limit: pageSize)
            guard let page = await page(query, for: subscription) else { return false }
            after = page.last?.position ?? lap.upTo
            guard await subscription.hand(page, upTo: after, at: clock.uptime) else { return false }
            pageSize = limits.pageSize(after: page)
        }
        return true
    }

    /// Tries until it has the page; nil when the task is cancelled.
    private func page(_ query: EventQuery, for subscription: EventSubscription) async -> [StoredEvent]? {
        var failures = 0
        while !Task.isCancelled {
            do throws(TurngateError) {
                return try await gate.pass { () async throws(TurngateError) in try await log.events(query) }
            } catch {
                failures += 1
                subscription.replayFailed(at: clock.uptime)
            }
            do { try await clock.sleep(for: limits.pause(afterFailures: failures)) } catch { return nil }
        }
        return nil
    }
}

extension EventHubLimits {
    /// How many events the page after this one may have, so that pages of large
    /// events do not take more memory.
    func pageSize(after page: [StoredEvent]) -> Int {
        guard !page.isEmpty else { return min(slice, queuedEvents) }
        let mean = page.reduce(0) { $0 + $1.json.count } / page.count
        return min(max(pageBytes / max(mean, 1), 4), queuedEvents)
    }
}
