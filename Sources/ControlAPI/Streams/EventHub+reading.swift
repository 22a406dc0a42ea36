import Domain

/// The one reader of the log for all live streams, and the clock of them all.
extension EventHub {
    /// Where a read begins, and for which generation of readers it counts.
    struct Place: Sendable {
        var generation: UInt64
        var position: Int64
    }

    func readNews() async {
        for await _ in news {
            let start = clock.uptime
            guard await catchUp(), limits.pace > .zero else { continue }
            do { try await clock.sleep(until: start + limits.pace) } catch { return }
        }
    }

    /// Reads to the log's end; whether there was anything.
    private func catchUp() async -> Bool {
        var hasFound = false
        while !Task.isCancelled, let place = place() {
            let start = clock.uptime
            do throws(TurngateError) {
                let batch = try await log.events(
                    EventQuery(scope: .everything, after: place.position, limit: limits.batch))
                let isCurrent = await handOut(batch, at: place)
                hasFound = hasFound || !batch.isEmpty
                guard isCurrent, isWhole(batch) else { continue }
                reachedEnd(from: start, at: place)
                return hasFound
            } catch {
                fail(error)
                return hasFound
            }
        }
        return hasFound
    }

    /// Whether there was no more when this was read.
    private func isWhole(_ batch: [StoredEvent]) -> Bool {
        batch.count < min(limits.batch, EventQuery.longest)
            && batch.reduce(0) { $0 + $1.json.count } < EventQuery.wholeBytes
    }

    /// Nil while nobody listens or the log is given time to recover.
    private func place() -> Place? {
        let now = clock.uptime
        return state.withLock { state in
            guard let position = state.position, state.pausedUntil.map({ now >= $0 }) ?? true else { return nil }
            return Place(generation: state.generation, position: position)
        }
    }

    /// Offers a batch in slices, so that a burst does not fill the queues of those
    /// who would send it if they had a turn. False when the readers have changed
    /// meanwhile, and those of now begin elsewhere.
    private func handOut(_ batch: [StoredEvent], at place: Place) async -> Bool {
        var rest = batch[...]
        repeat {
            let slice = rest.prefix(limits.slice)
            rest = rest.dropFirst(slice.count)
            guard let behind = offer(slice, of: place.generation) else { return false }
            for subscription in behind { replayFromHere(subscription) }
            if !rest.isEmpty { await Task.yield() }
        } while !rest.isEmpty
        return true
    }

    /// The readers that have fallen behind; nil when the generation is over.
    private func offer(_ slice: ArraySlice<StoredEvent>, of generation: UInt64) -> [EventSubscription]? {
        let now = clock.uptime
        return state.withLock { state in
            guard state.generation == generation, state.position != nil else { return nil }
            var behind: [EventSubscription] = []
            for event in slice {
                var made: EventFrame?
                state.index.each(of: event.sessionID, in: event.room) { subscription in
                    let reception = subscription.offer(event, at: now) {
                        let frame = made ?? EventFrame(event)
                        made = frame
                        return frame
                    }
                    if reception == .fellBehind { behind.append(subscription) }
                }
                state.position = event.position
            }
            return behind
        }
    }

    private func reachedEnd(from start: Duration, at place: Place) {
        let failures = state.withLock { state in
            defer {
                state.failures = 0
                state.pausedUntil = nil
            }
            if state.generation == place.generation { state.caughtUpAt = start }
            return state.failures
        }
        if failures > 0 { logger.notice("events are read again", metadata: ["failures": "\(failures)"]) }
    }

    private func fail(_ error: TurngateError) {
        let now = clock.uptime
        let failures = state.withLock { state in
            state.failures += 1
            state.pausedUntil = now + limits.pause(afterFailures: state.failures)
            return state.failures
        }
        if failures == 1 { logger.warning("events cannot be read", metadata: ["error": "\(error)"]) }
    }

    /// Heartbeats, ends, and a look at the log for what others have written.
    func keepTime() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: limits.tick) } catch { return }
            let (open, caughtUpAt) = state.withLock { ($0.index.all, $0.caughtUpAt) }
            let now = clock.uptime, time = clock.now
            for subscription in open { subscription.tick(at: now, time, caughtUpAt: caughtUpAt) }
            wake()
        }
    }
}

extension EventHubLimits {
    /// The pause after so many failures in a row: doubling up to the longest.
    func pause(afterFailures failures: Int) -> Duration {
        min(longestPause / 10 * (1 << min(max(failures - 1, 0), 10)), longestPause)
    }
}
