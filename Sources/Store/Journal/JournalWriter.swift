import Domain
import Logging
import Postgres

/// `StateJournal` in PostgreSQL: a bounded queue and one writer task that
/// writes everything queued in one transaction.
///
/// Entries of one `append` are written all or none; entries of one session in
/// the order in which they were appended. A batch is safe to write twice, as
/// must be done when the reply to its COMMIT was lost. While PostgreSQL is away
/// entries wait. The events that come of them are written with them, in the
/// order in which everything was appended.
public final class JournalWriter: StateJournal {
    private let queue: JournalQueue
    private let events: any EventEncoding
    private let clock: any TurngateClock
    private let writer: Task<Void, Never>

    /// Starts the writer, which tells of entries as `events` has it. It calls `onDurable`, in order, with what has just
    /// become durable, and `onRefused` with what was appended together and
    /// PostgreSQL will never take, both before the tickets say so; neither may
    /// wait.
    public convenience init(
        pool: PostgresPool, events: any EventEncoding, clock: any TurngateClock, metrics: StoreMetrics?, logger: Logger,
        configuration: JournalConfiguration = JournalConfiguration(),
        onDurable: @escaping @Sendable ([JournalEntry]) -> Void = { _ in },
        onRefused: @escaping @Sendable ([JournalEntry]) -> Void = { _ in }
    ) {
        self.init(
            sink: PostgresJournalSink(pool: pool), events: events, clock: clock, metrics: metrics, logger: logger,
            configuration: configuration, onDurable: onDurable, onRefused: onRefused)
    }

    init(
        sink: any JournalSink, events: any EventEncoding, clock: any TurngateClock, metrics: StoreMetrics?,
        logger: Logger,
        configuration: JournalConfiguration, onDurable: @escaping @Sendable ([JournalEntry]) -> Void = { _ in },
        onRefused: @escaping @Sendable ([JournalEntry]) -> Void = { _ in }
    ) {
        let queue = JournalQueue(configuration, depth: metrics?.queueDepth)
        let loop = JournalLoop(
            queue: queue, sink: sink, clock: clock, metrics: metrics, logger: logger, configuration: configuration,
            onDurable: onDurable, onRefused: onRefused)
        self.queue = queue
        self.events = events
        self.clock = clock
        writer = Task { await loop.run() }
    }

    deinit { writer.cancel() }

    /// Throws `shuttingDown` after `close`.
    public func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicket {
        guard !entries.isEmpty else { return JournalTicket { _ in .durable } }
        // Made here, once: a batch that is written again has the same events.
        let news = entries.flatMap { EventRow.rows(of: .entry($0), about: $0.sessionID, as: events) }
        let state = try queue.append(entries, news)
        // Whoever holds a ticket keeps the writer alive that is to honour it.
        return JournalTicket { [self] in await state.outcome(within: $0, clock: clock) }
    }

    /// Takes nothing more, writes what is queued, at most `deadline` long.
    /// Returns how many entries could not be written (refused ones not
    /// counted); 0 is a clean end. May be called again.
    public func close(deadline: Duration) async -> Int {
        queue.close()
        let timer = Task { [clock, writer] in
            do { try await clock.sleep(for: deadline) } catch { return }
            writer.cancel()
        }
        await writer.value
        timer.cancel()
        return queue.unsettled
    }
}
