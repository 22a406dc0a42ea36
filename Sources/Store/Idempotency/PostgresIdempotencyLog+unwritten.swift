import Domain
import Logging
import Postgres

/// What could not be written at once, and is written when PostgreSQL is back.
extension PostgresIdempotencyLog {
    /// Between two tries while PostgreSQL is away.
    private static let pauses = Duration.milliseconds(100) ... .seconds(5)
    /// How long one try may take.
    private static let tryTimeout = Duration.seconds(5)

    /// How many ends of calls wait to be written. Claims whose own outcome is
    /// not known are not counted: nobody waits for those.
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
        while let step = table.withLock({ $0.next(at: clock.uptime) }) {
            switch step {
            case .rest(let time): await rest(min(time, Self.pauses.lowerBound))
            case .write(let settlement):
                if await attempt(settlement) {
                    pause = Self.pauses.lowerBound
                } else {
                    await rest(pause)
                    pause = min(pause * 2, Self.pauses.upperBound)
                }
            }
        }
    }

    /// False when PostgreSQL is away.
    private func attempt(_ settlement: UnwrittenSettlement) async -> Bool {
        let isOverdue = clock.uptime >= settlement.deadline
        do throws(PostgresError) {
            let found = try await write(settlement.claim, settlement.kind, timeout: Self.tryTimeout)
            // The statement that was lost sight of may still be on its way.
            let isOpen = settlement.isDoubt && found == 0 && !isOverdue
            let now = clock.uptime
            table.withLock { if isOpen { $0.putOff(settlement, at: now) } else { $0.settle(settlement) } }
            return true
        } catch {
            guard error.isAbsence, !isOverdue else {
                logger.error(
                    "the end of a keyed call is not kept",
                    metadata: ["claim": "\(settlement.claim.id)", "error": "\(error)"])
                table.withLock { $0.settle(settlement) }
                return true
            }
            return false
        }
    }

    private func rest(_ pause: Duration) async {
        // Never cancelled: the task is detached.
        try? await clock.sleep(for: pause)
    }

    /// Waits until the ends that wait are written, `deadline` at most; returns
    /// how many are not. Their calls stay with this process's entry on the
    /// register, and so do claims whose outcome is not known: they come free
    /// with it.
    public func close(deadline: Duration) async -> Int {
        let end = clock.uptime + deadline
        while unwritten > 0, clock.uptime < end { await rest(.milliseconds(20)) }
        return unwritten
    }
}
