import Domain
import Migrations
import Synchronization

/// Whether the schema is this program's. A schema changes seldom and a look
/// costs a connection, so an answer is good for a while.
final class MigrationsProbe: ReadinessProbe {
    let name = "migrations"
    private static let goodFor = Duration.seconds(5)

    private let migrator: Migrator
    private let clock: any TurngateClock
    private let latest = Mutex<(at: Duration, problem: String?)?>(nil)

    init(migrator: Migrator, clock: any TurngateClock) {
        self.migrator = migrator
        self.clock = clock
    }

    func problem() async -> String? {
        let now = clock.uptime
        if let known = latest.withLock({ $0 }), now - known.at < Self.goodFor { return known.problem }
        let problem = await look()
        latest.withLock { $0 = (now, problem) }
        return problem
    }

    private func look() async -> String? {
        do throws(MigrationError) {
            try await migrator.check()
            return nil
        } catch {
            return error.description
        }
    }
}
