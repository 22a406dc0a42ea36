import Synchronization

/// Something that the core keeps for us. Given back exactly once: by `drop`,
/// or when the last reference goes.
final class FFIHandle: Sendable {
    let id: UInt64
    private let core: LiveKitCore
    private let owned = Atomic(true)

    init(id: UInt64, core: LiveKitCore) {
        self.id = id
        self.core = core
        core.handleCount.add(1, ordering: .relaxed)
    }

    /// Gives it back to the core; later calls do nothing.
    func drop() {
        guard owned.exchange(false, ordering: .acquiringAndReleasing) else { return }
        core.handleCount.subtract(1, ordering: .relaxed)
        core.giveBack(id)
    }

    /// Notes that a request has consumed it: nothing is left to give back.
    func consumed() {
        guard owned.exchange(false, ordering: .acquiringAndReleasing) else { return }
        core.handleCount.subtract(1, ordering: .relaxed)
    }

    deinit { drop() }
}
