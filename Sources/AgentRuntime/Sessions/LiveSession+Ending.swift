import Domain

/// Out of the room: once, whoever asks how often, and written down.
extension LiveSession {
    /// Begins the end, if it has not begun.
    func requestEnd(_ end: SessionEnd) { conclude(.endRequested(end)) }

    /// Takes an event that ends the session and starts the end task.
    func conclude(_ event: SessionLifecycle.Event) {
        guard advance(event), endTask == nil else { return }
        publish()
        if lifecycle.status == .ending { journal([.session(SessionProgress(of: session))]) }
        endTask = Task { await self.leave() }
    }

    private func leave() async {
        for timer in timers.values { timer.cancel() }
        timers = [:]
        watchTask?.cancel()
        mainTask?.cancel()
        clearFloor(because: .sessionEnded)
        await endSpeeches()
        gate.close()
        refreshGates()
        failFanOuts()
        endInvocations()
        await connection?.disconnect()
        // The main task may be on its way out of a join; a late connection is
        // closed by it before the session counts as ended.
        await mainTask?.value
        attributesTask?.cancel()
        await attributesTask?.value
        connection = nil
        await letChangesFinish()
        advance(.left)
        session.end = lifecycle.end
        session.endedAt = max(context.clock.now, states.current.at)
        await writeEnd()
    }

    /// A change that is on its way to the store comes before the end; those
    /// that wait behind it find the session at its end.
    private func letChangesFinish() async {
        do throws(TurngateError) {
            try await changes.run { () throws(TurngateError) in }
        } catch {
            logger.error("the wait for changes failed", metadata: ["error": "\(error)"])
        }
    }

    private func writeEnd() async {
        journalIsClosed = true
        let usage = methods.mapValues(\.usage)
        let ticket = await takenByJournal(
            unwrittenTurns.map { .turn($0) } + [.methodUsage(id, usage), .session(SessionProgress(of: session))])
        var outcome = await ticket?.outcome(within: context.limits.durableWait) ?? .refused
        showEnd(if: outcome)
        settled.open()
        finished.open()
        while outcome == .pending, !Task.isCancelled {
            outcome = await ticket?.outcome(within: .seconds(30)) ?? .refused
        }
        showEnd(if: outcome)
        await onFinished(id)
    }

    private func showEnd(if outcome: JournalOutcome) {
        endIsWritten = outcome != .pending
        publish()
    }

    /// Hands `entries` over even when the journal's queue is full at first;
    /// gives up when the task is cancelled.
    private func takenByJournal(_ entries: [JournalEntry]) async -> JournalTicket? {
        while true {
            do throws(TurngateError) {
                return try append(entries)
            } catch .shuttingDown {
                return nil
            } catch {
                logger.error("the journal is full; the session's end waits", metadata: ["error": "\(error)"])
                do { try await context.clock.sleep(for: .seconds(1)) } catch { return nil }
            }
        }
    }

    /// Hands `entries` to the journal; all of the session goes this way.
    func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicket {
        let ticket = try context.journal.append(entries)
        lastTicket = ticket
        return ticket
    }

    /// Queues an entry that is told once and then never again; what a full
    /// journal does not take is lost and counted.
    func write(_ entry: JournalEntry) {
        if journal([entry]) == nil { context.metrics.lostEntries.increment() }
    }

    /// Queues entries that nobody waits for; a full journal is an error in the
    /// log, since the rows that it holds will tell the same at the end.
    @discardableResult
    func journal(_ entries: [JournalEntry]) -> JournalTicket? {
        guard !journalIsClosed else {
            logger.warning("too late to be written down", metadata: ["entries": "\(entries.count)"])
            return nil
        }
        do throws(TurngateError) {
            return try append(entries)
        } catch {
            logger.error("not written down", metadata: ["error": "\(error)", "entries": "\(entries.count)"])
            return nil
        }
    }
}
