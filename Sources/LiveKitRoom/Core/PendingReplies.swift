import Synchronization

/// The waits of one connection, so that its end can end them.
final class PendingReplies: Sendable {
    private struct State {
        var ended = false
        var replies: [UInt64: FFIReply] = [:]
    }

    private let state = Mutex(State())

    func insert(_ reply: FFIReply, _ asyncID: UInt64) {
        let ended = state.withLock { state in
            if !state.ended { state.replies[asyncID] = reply }
            return state.ended
        }
        if ended { reply.settle(.disconnected) }
    }

    func remove(_ asyncID: UInt64) {
        _ = state.withLock { $0.replies.removeValue(forKey: asyncID) }
    }

    /// Ends all waits, and every later one at once.
    func end() {
        let replies = state.withLock { state in
            defer { state.replies = [:] }
            state.ended = true
            return state.replies.values
        }
        for reply in replies { reply.settle(.disconnected) }
    }
}
