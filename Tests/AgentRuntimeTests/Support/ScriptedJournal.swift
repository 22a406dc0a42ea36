import Domain
import Synchronization

/// A journal whose answers a test commands.
final class ScriptedJournal: StateJournal {
    private struct State {
        var entries: [JournalEntry] = []
        var traces: [TraceContext?] = []
        var outcome = JournalOutcome.durable
        var isFull = false
    }

    private let state = Mutex(State())

    /// What every ticket says from now on.
    func answer(_ outcome: JournalOutcome) { state.withLock { $0.outcome = outcome } }
    func beFull(_ isFull: Bool) { state.withLock { $0.isFull = isFull } }

    var entries: [JournalEntry] { state.withLock { $0.entries } }
    var transitions: [AgentStateTransition] {
        entries.compactMap { if case .transition(let row) = $0 { row } else { nil } }
    }
    var receipts: [NotificationReceipt] {
        entries.compactMap { if case .notification(let receipt) = $0 { receipt } else { nil } }
    }
    var progress: [SessionProgress] {
        entries.compactMap { if case .session(let progress) = $0 { progress } else { nil } }
    }

    /// Every entry with the trace in which it was appended.
    var traced: [(entry: JournalEntry, trace: TraceContext?)] {
        state.withLock { state in zip(state.entries, state.traces).map { (entry: $0, trace: $1) } }
    }
    var invocations: [RPCInvocationRecord] {
        entries.compactMap { if case .invocation(let record) = $0 { record } else { nil } }
    }
    /// All but the log of calls.
    var entriesOfState: [JournalEntry] {
        entries.filter { if case .invocation = $0 { false } else { true } }
    }
    var occurrences: [SessionOccurrence.Kind] {
        entries.compactMap { if case .occurrence(let occurrence) = $0 { occurrence.kind } else { nil } }
    }

    var turns: [Turn] { entries.compactMap { if case .turn(let turn) = $0 { turn } else { nil } } }
    var incidents: [Incident] { entries.compactMap { if case .incident(let found) = $0 { found } else { nil } } }

    func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicket {
        try state.withLock { state throws(TurngateError) in
            guard !state.isFull else { throw .overloaded("journal") }
            state.entries += entries
            state.traces += entries.map { _ in TraceContext.current }
        }
        return JournalTicket { [self] _ in
            await Task.yield()
            let outcome = state.withLock { $0.outcome }
            // Whoever asks again and again, beyond the end of its test too,
            // must not keep a thread of the pool busy.
            if outcome == .pending { try? await Task.sleep(for: .milliseconds(5)) }
            return outcome
        }
    }
}
