import DequeModule
import Domain
import Metrics
import Synchronization

/// The entries that are not durable yet: bounded, in order, for one writer.
final class JournalQueue: Sendable {
    private struct State {
        var units: Deque<JournalUnit> = []
        /// Entries queued, and entries that the writer has taken and not settled.
        var unsettled = 0
        /// What those hold, by estimate.
        var bytes = 0
        var isClosed = false
        var writer: CheckedContinuation<Void, Never>?
    }

    private let configuration: JournalConfiguration
    private let depth: Gauge?
    private let state = Mutex(State())

    init(_ configuration: JournalConfiguration, depth: Gauge?) {
        self.configuration = configuration
        self.depth = depth
    }

    /// Takes `entries`, with what is told of them, as one unit. Throws
    /// `overloaded` or `shuttingDown`; then nothing was taken.
    func append(_ entries: [JournalEntry], _ events: [EventRow]) throws(TurngateError) -> JournalTicketState {
        let unit = JournalUnit(entries: entries, events: events, ticket: JournalTicketState())
        let (refusal, writer) = state.withLock { state -> (TurngateError?, CheckedContinuation<Void, Never>?) in
            if state.isClosed { return (.shuttingDown, nil) }
            guard fits(unit, state) else { return (.overloaded("the journal is full"), nil) }
            state.units.append(unit)
            add(entries.count, bytes: unit.bytes, to: &state)
            return (nil, Self.takeWriter(of: &state))
        }
        if let refusal { throw refusal }
        writer?.resume()
        return unit.ticket
    }

    /// Units within the bounds of a batch, at least one unit; waits for the
    /// first. Nil when the queue is closed and empty, or the task is cancelled.
    func next() async -> [JournalUnit]? {
        while !Task.isCancelled {
            let (batch, isOver) = state.withLock { state in
                (takeBatch(of: &state), state.isClosed && state.units.isEmpty)
            }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            await arrival()
        }
        return nil
    }

    /// The writer is done with `units`, which it took.
    func settled(_ units: [JournalUnit]) {
        state.withLock { add(-units.entryCount, bytes: -units.bytes, to: &$0) }
    }

    /// Takes nothing more; what is there can still be taken out.
    func close() {
        state.withLock { state in
            state.isClosed = true
            return Self.takeWriter(of: &state)
        }?.resume()
    }

    /// Entries that are not durable and not refused.
    var unsettled: Int { state.withLock { $0.unsettled } }

    /// Returns when there may be something to take. Cancellation wakes it.
    private func arrival() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    guard state.units.isEmpty, !state.isClosed, !Task.isCancelled else { return true }
                    state.writer = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            state.withLock { Self.takeWriter(of: &$0) }?.resume()
        }
    }

    private func fits(_ unit: JournalUnit, _ state: State) -> Bool {
        state.unsettled + unit.entries.count <= configuration.queueLimit
            && state.bytes + unit.bytes <= configuration.queueBytes
    }

    private func add(_ count: Int, bytes: Int, to state: inout State) {
        state.unsettled += count
        state.bytes += bytes
        depth?.set(Double(state.unsettled))
    }

    private static func takeWriter(of state: inout State) -> CheckedContinuation<Void, Never>? {
        defer { state.writer = nil }
        return state.writer
    }

    /// A batch is written kind by kind, ends last. So it stops before a
    /// transition, turn or incident of a session that it ends: written together
    /// it would get in before the end.
    private func takeBatch(of state: inout State) -> [JournalUnit] {
        var batch: [JournalUnit] = []
        var (count, bytes) = (0, 0)
        var ended: Set<SessionID> = []
        while let unit = state.units.first {
            count += unit.entries.count
            bytes += unit.bytes
            let fits = count <= configuration.batchLimit && bytes <= configuration.batchBytes
            guard fits || batch.isEmpty, ended.isDisjoint(with: unit.movedSessions) else { break }
            batch.append(unit)
            ended.formUnion(unit.endedSessions)
            state.units.removeFirst()
        }
        return batch
    }
}
