import Domain
import Logging

/// The one writer: takes batches, writes them in order, and finds the entries
/// that PostgreSQL refuses.
struct JournalLoop: Sendable {
    let queue: JournalQueue
    let sink: any JournalSink
    let clock: any TurngateClock
    let metrics: StoreMetrics?
    let logger: Logger
    let configuration: JournalConfiguration
    let onDurable: @Sendable ([JournalEntry]) -> Void
    let onRefused: @Sendable ([JournalEntry]) -> Void

    /// How often in a row a batch is overdue until it counts as too much at once.
    private static let overdueLimit = 2
    /// How often in a row the outbox may refuse a batch until that counts as final.
    private static let outboxLimit = 8

    /// Until the queue is closed and empty, or the task is cancelled.
    func run() async {
        while let batch = await queue.next() {
            await write(batch)
        }
    }

    /// Writes `units`, however long PostgreSQL is away. A batch that is refused
    /// is written in halves, the earlier one first, down to the unit at fault;
    /// so is one that PostgreSQL does not get done with in time.
    private func write(_ units: [JournalUnit]) async {
        var pause = configuration.backoff.lowerBound
        var (overdue, blocked) = (0, 0)
        while !Task.isCancelled {
            do throws(JournalFailure) {
                return try await attempt(units)
            } catch {
                if case .outboxRefused = error { blocked += 1 } else { blocked = 0 }
                if error.isFinal || blocked >= Self.outboxLimit { return await refuse(units, error) }
                await wait(pause, with: units, error.problem)
                if case .overdue = error { overdue += 1 } else { overdue = 0 }
            }
            if overdue >= Self.overdueLimit, units.count > 1 { return await writeHalves(units) }
            pause = min(pause * 2, configuration.backoff.upperBound)
        }
    }

    private func writeHalves(_ units: [JournalUnit]) async {
        let middle = units.count / 2
        await write(Array(units[..<middle]))
        await write(Array(units[middle...]))
    }

    private func wait(_ pause: Duration, with units: [JournalUnit], _ problem: String) async {
        logger.warning(
            "the journal waits for PostgreSQL", metadata: ["entries": "\(queue.unsettled)", "problem": "\(problem)"])
        metrics?.retried.increment(by: Double(units.entryCount))
        // A cancelled sleep ends the loop above.
        try? await clock.sleep(for: pause)
    }

    private func attempt(_ units: [JournalUnit]) async throws(JournalFailure) {
        let start = clock.uptime
        let starts = try await sink.write(units)
        metrics?.writeDuration.observe((clock.uptime - start).seconds)
        count(units, starts)
        onDurable(units.entries)
        settle(units, .durable)
    }

    /// Finds the unit at fault, and gives it up.
    private func refuse(_ units: [JournalUnit], _ failure: JournalFailure) async {
        guard units.count == 1, let unit = units.first else { return await writeHalves(units) }
        let level = Self.level(of: failure, for: unit)
        for entry in unit.entries {
            logger.log(
                level: level, "PostgreSQL refuses a journal entry",
                metadata: ["kind": "\(entry.kind)", "session": "\(entry.sessionID)", "problem": "\(failure.problem)"])
        }
        metrics?.refused.increment(by: Double(unit.entries.count))
        onRefused(unit.entries)
        settle(units, .refused)
    }

    /// The end of a session that is not there loses nothing: it comes of an
    /// insert that was given up, in case it was done all the same.
    private static func level(of failure: JournalFailure, for unit: JournalUnit) -> Logger.Level {
        if case .sessionUnknown = failure, unit.isOnlyEnds { return .info }
        return .error
    }

    private func settle(_ units: [JournalUnit], _ outcome: JournalOutcome) {
        queue.settled(units)
        for unit in units { unit.ticket.settle(outcome) }
    }

    private func count(_ units: [JournalUnit], _ starts: [HistoryPlace: Timestamp]) {
        guard let metrics else { return }
        metrics.written.increment(by: Double(units.entryCount))
        var starts = starts
        for case .transition(let transition) in units.entries {
            let place = HistoryPlace(session: transition.sessionID, seq: transition.seq)
            metrics.count(transition, after: starts[place])
            starts[HistoryPlace(session: transition.sessionID, seq: transition.seq + 1)] = transition.at
        }
    }
}
