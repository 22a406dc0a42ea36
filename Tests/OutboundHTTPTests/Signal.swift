import Synchronization

/// Something that a server's thread says and a test waits for, up to a minute.
final class Signal: Sendable {
    private let count = Mutex(0)

    func raise() {
        count.withLock { $0 += 1 }
    }

    /// Whether it was raised `times` times before the wait was over.
    func wait(times: Int = 1) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while count.withLock({ $0 }) < times {
            if ContinuousClock.now >= deadline { return false }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}
