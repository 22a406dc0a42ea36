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
        /// Its process is gone, or has given it up.
        var isDead = false
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
            if let reply = entry.reply { return .replied(reply) }
            guard let made = entry.made, entry.isDead else { return .running }
            let claim = IdempotencyClaim(id: UUID())
            state[key]?.claim = claim
            state[key]?.isDead = false
            return .made(made, claim)
        }
    }

    func complete(_ claim: IdempotencyClaim, with reply: StoredReply) async throws(TurngateError) {
        state.withLock { state in
            for (key, entry) in state where entry.claim == claim { state[key]?.reply = reply }
        }
    }

    func release(_ claim: IdempotencyClaim) async throws(TurngateError) {
        state.withLock { state in
            for (key, entry) in state where entry.claim == claim {
                if entry.made == nil { state[key] = nil } else { state[key]?.isDead = true }
            }
        }
    }

    /// As if every call's process had died after it had made `made`.
    func die(having made: IdempotencyOutcome.Made?) {
        state.withLock { state in
            for key in state.keys {
                state[key]?.made = made
                state[key]?.reply = nil
                state[key]?.isDead = true
            }
        }
    }
}
