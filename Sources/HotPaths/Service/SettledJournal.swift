import Domain
import Store
import Synchronization

/// The journal, and a way to wait until it has written everything: then each operation is paid for
/// within its own window, and every transaction holds one operation's rows.
final class SettledJournal: StateJournal {
    private struct State {
        var journal: JournalWriter?
        var unwritten = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Writes to `journal`, which calls `wrote`.
    func connect(_ journal: JournalWriter) { state.withLock { $0.journal = journal } }

    func append(_ entries: [JournalEntry]) throws(TurngateError) -> JournalTicket {
        let journal = state.withLock { state in
            state.unwritten += entries.count
            return state.journal
        }
        guard let journal else { throw .shuttingDown }
        return try journal.append(entries)
    }

    /// So many entries are durable.
    func wrote(_ count: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.unwritten -= count
            return state.unwritten == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Waits until all that was appended is durable. One at a time.
    func settle() async {
        await withCheckedContinuation { continuation in
            let isSettled = state.withLock { state in
                if state.unwritten > 0 { state.waiter = continuation }
                return state.unwritten == 0
            }
            if isSettled { continuation.resume() }
        }
    }
}
