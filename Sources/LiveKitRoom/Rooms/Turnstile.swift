import DequeModule
import Domain
import Synchronization

/// Lets one at a time through, in the order they came.
final class Turnstile: Sendable {
    /// More waiting than this means that nobody gets through any more.
    static let maxWaiting = 256

    private struct State {
        var busy = false
        var waiting: Deque<FFIReply> = []
    }

    private let state = Mutex(State())

    /// Runs `body` when its turn has come; throws `.timeout` when that has not
    /// happened within `timeout`.
    func pass(
        _ operation: String, within timeout: Duration, tie: PendingReplies,
        _ body: () async throws(RoomError) -> Void
    ) async throws(RoomError) {
        if let turn = try queue(operation) {
            let id = tie.insert(turn)
            defer { tie.remove(id) }
            switch await turn.outcome(within: timeout) {
            case .admitted: break
            case .cancelled: throw .failed("\(operation): cancelled")
            case .disconnected: throw .disconnected
            case .timedOut, .delivered: throw .timeout("\(operation): earlier requests are still on their way")
            }
        }
        defer { admitNext() }
        try await body()
    }

    /// nil if the way is free, else the place in the queue.
    private func queue(_ operation: String) throws(RoomError) -> FFIReply? {
        try state.withLock { (state) throws(RoomError) -> FFIReply? in
            guard state.busy else {
                state.busy = true
                return nil
            }
            guard state.waiting.count < Self.maxWaiting else { throw .timeout("\(operation): too many are waiting") }
            let turn = FFIReply()
            state.waiting.append(turn)
            return turn
        }
    }

    /// Admits the first who still waits.
    private func admitNext() {
        state.withLock { state in
            while let next = state.waiting.popFirst() {
                if next.settle(.admitted) { return }
            }
            state.busy = false
        }
    }
}
