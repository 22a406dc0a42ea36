import Foundation
import Synchronization

/// A flag that a handler sets and a test waits for, or the other way round.
final class Signal: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() {
        flag.store(true, ordering: .releasing)
    }

    /// Until it is set, the task is cancelled, or a minute has passed.
    func wait() async {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isSet, !Task.isCancelled, .now < deadline { try? await Task.sleep(for: .milliseconds(2)) }
    }

    /// The same on a thread of the test's own.
    func block() {
        let deadline = ContinuousClock.now + .seconds(60)
        while !isSet, .now < deadline { usleep(1000) }
    }
}
