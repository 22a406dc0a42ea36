import Domain
import Synchronization

/// A clock that is moved by hand and wakes nobody: no timer falls into what is counted, and to look at it
/// costs next to nothing.
final class QuietClock: TurngateClock {
    private let milliseconds = Atomic<Int64>(0)
    private let epoch = Timestamp(microseconds: 1_795_348_800_000_000)

    var now: Timestamp { epoch + uptime }
    var uptime: Duration { .milliseconds(milliseconds.load(ordering: .relaxed)) }

    /// Moves it on.
    func advance(milliseconds count: Int64) { milliseconds.add(count, ordering: .relaxed) }

    /// Until the task is cancelled.
    func sleep(until moment: Duration) async throws {
        for await _ in AsyncStream(Never.self, { _ in }) {}
        throw CancellationError()
    }
}
