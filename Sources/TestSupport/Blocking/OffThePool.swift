import Foundation

/// Runs code that blocks (sockets, child processes, joins) on a thread of its
/// own and returns what it returns.
///
/// The tasks of all tests, and of the servers under test, share as many threads
/// as the machine has cores: a test that waits on one of them for its own
/// server can wait for ever, and holds up everybody else's test meanwhile.
public func offThePool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result { try body() })
        }
    }
}
