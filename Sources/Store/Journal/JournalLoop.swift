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

    /// Until the queue is closed and empty, or the task is cancelled.
    func run() async {
        while let batch = await queue.next(limit: configuration.batchLimit) {
            await write(batch)
        }
    }

    /// Writes `units`, however long PostgreSQL is away. A batch that is refused
    /// is written in halves, the earlier one first, down to the unit at fault.
    private func write(_ units: [JournalUnit]) async {
        var pause = configuration.backoff.lowerBound
        while !Task.isCancelled {
            do throws(JournalFailure) {
                return try await attempt(units)
            } catch {
                switch error {
                case .refused(let problem): return await split(units, problem)
                case .away(let problem): await wait(pause, with: units, problem)
                }
            }
            pause = min(pause * 2, configuration.backoff.upperBound)
        }
    }

    private func split(_ units: [JournalUnit], _ problem: String) async {
        guard units.count > 1 else { return refuse(units, problem) }
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
        onDurable(units.flatMap(\.entries))
        settle(units, .durable)
    }

    private func refuse(_ units: [JournalUnit], _ problem: String) {
        for entry in units.flatMap(\.entries) {
            logger.error(
                "PostgreSQL refuses a journal entry",
                metadata: ["kind": "\(entry.kind)", "session": "\(entry.sessionID)", "problem": "\(problem)"])
        }
        metrics?.refused.increment(by: Double(units.entryCount))
        settle(units, .refused)
    }

    private func settle(_ units: [JournalUnit], _ outcome: JournalOutcome) {
        queue.settled(units.entryCount)
        for unit in units { unit.ticket.settle(outcome) }
    }

    private func count(_ units: [JournalUnit], _ starts: [HistoryPlace: Timestamp]) {
        guard let metrics else { return }
        metrics.written.increment(by: Double(units.entryCount))
        var starts = starts
        for case .transition(let transition) in units.flatMap(\.entries) {
            let place = HistoryPlace(session: transition.sessionID, seq: transition.seq)
            metrics.count(transition, after: starts[place])
            starts[HistoryPlace(session: transition.sessionID, seq: transition.seq + 1)] = transition.at
        }
    }
}

extension [JournalUnit] {
    fileprivate var entryCount: Int { reduce(0) { $0 + $1.entries.count } }
}
