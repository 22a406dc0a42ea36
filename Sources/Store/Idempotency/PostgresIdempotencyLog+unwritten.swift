import Domain
import Logging
import Postgres

/// What could not be written at once, and is written when PostgreSQL is back.
extension PostgresIdempotencyLog {
    /// Between two tries while PostgreSQL is away.
    private static let pauses = Duration.milliseconds(100) ... .seconds(5)
    /// How long one try may take.
    private static let tryTimeout = Duration.seconds(5)

    /// How many ends of calls wait to be written.
    public var unwritten: Int { table.withLock { $0.unwrittenCount } }

    func keep(_ claim: IdempotencyClaim, _ kind: UnwrittenSettlement.Kind, for time: Duration) {
        let settlement = UnwrittenSettlement(claim: claim, kind: kind, deadline: clock.uptime + time)
        let (isKept, isToWrite) = table.withLock { ($0.keep(settlement), $0.takeWriting()) }
        if !isKept {
            // PostgreSQL has the claim: repeats are told to wait, and never
            // carried out a second time.
            table.withLock { $0.forget(claim) }
            logger.error("no room to keep the answer of a keyed call", metadata: ["claim": "\(claim.id)"])
        }
        if isToWrite { Task.detached { await self.writeAll() } }
    }

    /// Writes until nothing waits.
    private func writeAll() async {
        var pause = Self.pauses.lowerBound
        while let settlement = table.withLock({ $0.next() }) {
            guard await attempt(settlement) else {
                await rest(pause)
                pause = min(pause * 2, Self.pauses.upperBound)
                continue
            }
            pause = Self.pauses.lowerBound
        }
    }

    /// False when a pause is due.
    private func attempt(_ settlement: UnwrittenSettlement) async -> Bool {
        let isOverdue = clock.uptime >= settlement.deadline
        do throws(PostgresError) {
            let found = try await write(settlement.claim, settlement.kind, timeout: Self.tryTimeout)
            guard case .releaseIfThere = settlement.kind, found == 0, !isOverdue else {
                table.withLock { $0.settleFirst() }
                return true
            }
            // The statement that was lost sight of may still be on its way.
            table.withLock { $0.settleFirst(again: true) }
            return false
        } catch {
            guard error.isAbsence, !isOverdue else {
                logger.error(
                    "the end of a keyed call is not kept",
                    metadata: ["claim": "\(settlement.claim.id)", "error": "\(error)"])
                table.withLock { $0.settleFirst() }
                return true
            }
            return false
        }
    }

    private func rest(_ pause: Duration) async {
        // Never cancelled: the task is detached.
        try? await clock.sleep(for: pause)
    }

    /// Waits until what waits is written, `deadline` at most; returns how many
    /// ends are not. Their calls stay with this process's entry on the register.
    public func close(deadline: Duration) async -> Int {
        let end = clock.uptime + deadline
        while unwritten > 0, clock.uptime < end { await rest(.milliseconds(20)) }
        return unwritten
    }
}
