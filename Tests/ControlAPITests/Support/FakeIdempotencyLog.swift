import Domain
import Foundation
import Synchronization

/// The port in memory, with what a test wants to know and to break.
final class FakeIdempotencyLog: IdempotencyLog {
    private struct Key: Hashable {
        var caller: String
        var key: String
    }

    struct Entry: Equatable {
        var request: IdempotencyRequest
        var claim: IdempotencyClaim
        var reply: StoredReply?
        var made: IdempotencyOutcome.Made?
    }

    private let state = Mutex<[Key: Entry]>([:])

    var entries: [Entry] { state.withLock { Array($0.values) } }

    func claim(_ request: IdempotencyRequest) async throws(TurngateError) -> IdempotencyOutcome {
        state.withLock { state in
            let key = Key(caller: request.caller, key: request.key)
            guard let entry = state[key] else {
                let claim = IdempotencyClaim(id: UUID())
                state[key] = Entry(request: request, claim: claim)
                return .claimed(claim)
            }
            if entry.request.fingerprint != request.fingerprint { return .mismatch }
            if let made = entry.made { return .made(made) }
            return entry.reply.map { .replied($0) } ?? .running
        }
    }

    func complete(_ claim: IdempotencyClaim, with reply: StoredReply) async throws(TurngateError) {
        state.withLock { state in
            for (key, entry) in state where entry.claim == claim { state[key]?.reply = reply }
        }
    }

    func release(_ claim: IdempotencyClaim) async throws(TurngateError) {
        state.withLock { state in
            for (key, entry) in state where entry.claim == claim { state[key] = nil }
        }
    }

    /// As if every call's process had died after it had made `made`.
    func die(having made: IdempotencyOutcome.Made?) {
        state.withLock { state in
            for key in state.keys {
                state[key]?.made = made
                state[key]?.reply = nil
            }
        }
    }
}
