import Foundation

/// Runs blocking code on a thread of its own: the tasks' pool has as many
/// threads as the machine has cores, and the handlers under test need them.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Swift.Result { try body() })
        }
    }
}
