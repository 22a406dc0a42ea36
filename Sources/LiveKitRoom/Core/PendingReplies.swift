import Synchronization

/// The waits of one connection, so that its end can end them.
final class PendingReplies: Sendable {
    private struct State {
        var ended = false
        var lastID: UInt64 = 0
        var replies: [UInt64: FFIReply] = [:]
    }

    private let state = Mutex(State())

    /// Adds a wait; gives the id to remove it by.
    func insert(_ reply: FFIReply) -> UInt64 {
        let (id, ended) = state.withLock { state in
            state.lastID += 1
            if !state.ended { state.replies[state.lastID] = reply }
            return (state.lastID, state.ended)
        }
        if ended { reply.settle(.disconnected) }
        return id
    }

    func remove(_ id: UInt64) {
        _ = state.withLock { $0.replies.removeValue(forKey: id) }
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
