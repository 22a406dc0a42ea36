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
        var isClosed = false
        var writer: CheckedContinuation<Void, Never>?
    }

    private let limit: Int
    private let depth: Gauge?
    private let state = Mutex(State())

    init(limit: Int, depth: Gauge?) {
        self.limit = limit
        self.depth = depth
    }

    /// Takes `entries` as one unit. Throws `overloaded` or `shuttingDown`; then
    /// nothing was taken.
    func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicketState {
        let ticket = JournalTicketState()
        let (refusal, writer) = state.withLock { state -> (TurngateError?, CheckedContinuation<Void, Never>?) in
            if state.isClosed { return (.shuttingDown, nil) }
            if state.unsettled + entries.count > limit { return (.overloaded("the journal is full"), nil) }
            state.units.append(JournalUnit(entries: entries, ticket: ticket))
            add(entries.count, to: &state)
            return (nil, Self.takeWriter(of: &state))
        }
        if let refusal { throw refusal }
        writer?.resume()
        return ticket
    }

    /// Units of up to `limit` entries, at least one unit; waits for the first.
    /// Nil when the queue is closed and empty, or the task is cancelled.
    func next(limit: Int) async -> [JournalUnit]? {
        while !Task.isCancelled {
            let (batch, isOver) = state.withLock { state in
                (Self.takeBatch(of: &state, limit), state.isClosed && state.units.isEmpty)
            }
            if !batch.isEmpty { return batch }
            if isOver { return nil }
            await arrival()
        }
        return nil
    }

    /// The writer is done with `count` entries that it took.
    func settled(_ count: Int) { state.withLock { add(-count, to: &$0) } }

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

    private func add(_ count: Int, to state: inout State) {
        state.unsettled += count
        depth?.set(Double(state.unsettled))
    }

    private static func takeWriter(of state: inout State) -> CheckedContinuation<Void, Never>? {
        defer { state.writer = nil }
        return state.writer
    }

    /// A batch is written kind by kind, transitions before ends. So it stops
    /// before a transition of a session that it ends: written together the
    /// transition would get in before the end.
    private static func takeBatch(of state: inout State, _ limit: Int) -> [JournalUnit] {
        var batch: [JournalUnit] = []
        var count = 0
        var ended: Set<SessionID> = []
        while let unit = state.units.first {
            let fits = batch.isEmpty || count + unit.entries.count <= limit
            guard fits, ended.isDisjoint(with: unit.movedSessions) else { break }
            batch.append(unit)
            count += unit.entries.count
            ended.formUnion(unit.endedSessions)
            state.units.removeFirst()
        }
        return batch
    }
}
