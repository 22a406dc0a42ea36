import Domain
import Synchronization

/// Passes what the journal refuses on to the supervisor, which is made after
/// the journal because it needs it.
final class RefusalRelay: Sendable {
    private let receiver = Mutex<(@Sendable ([JournalEntry]) -> Void)?>(nil)

    func connect(_ receive: @escaping @Sendable ([JournalEntry]) -> Void) {
        receiver.withLock { $0 = receive }
    }

    /// Nothing is refused before the first session, and so before `connect`.
    func take(_ entries: [JournalEntry]) {
        receiver.withLock { $0 }?(entries)
    }
}
