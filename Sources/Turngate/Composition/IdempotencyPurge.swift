import Domain
import Logging
import Store

/// Forgets keyed calls that are older than a day, a bounded number at a time.
struct IdempotencyPurge: Sendable {
    let log: PostgresIdempotencyLog
    let clock: any TurngateClock
    let logger: Logger

    /// Between two looks, and between two batches of one.
    private static let pause = Duration.seconds(300)
    private static let breath = Duration.milliseconds(100)

    /// Until the task is cancelled. Several processes may do so at once.
    func run() async {
        while !Task.isCancelled {
            let isMore = await purge()
            // A cancelled sleep ends the loop.
            try? await clock.sleep(for: isMore ? Self.breath : Self.pause)
        }
    }

    /// Whether there may be more of them.
    private func purge() async -> Bool {
        do throws(TurngateError) {
            return try await log.purge() == PostgresIdempotencyLog.purgeBatch
        } catch {
            logger.debug("old keyed calls are still there", metadata: ["error": "\(error)"])
            return false
        }
    }
}
