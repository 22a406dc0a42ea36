import Domain
import Migrations
import Synchronization

/// Whether the schema is this program's. A schema changes seldom and a look
/// costs a connection, so an answer is good for a while, and those who ask at
/// once share one look.
final class MigrationsProbe: ReadinessProbe {
    let name = "migrations"
    private static let goodFor = Duration.seconds(5)
    private static let patience = Duration.milliseconds(1800)

    private struct State {
        var latest: (at: Duration, problem: String?)?
        var isLooking = false
    }

    private let migrator: Migrator
    private let clock: any TurngateClock
    private let state = Mutex(State())

    init(migrator: Migrator, clock: any TurngateClock) {
        self.migrator = migrator
        self.clock = clock
    }

    func problem() async -> String? {
        let start = clock.uptime
        while clock.uptime - start < Self.patience {
            if let latest = freshOrLookedFor(since: start) { return latest.problem }
            do { try await clock.sleep(for: .milliseconds(20)) } catch { break }
        }
        return "the migrations could not be read in time"
    }

    /// What is known and fresh enough; starts a look where there is nothing and
    /// none is under way.
    private func freshOrLookedFor(since start: Duration) -> (at: Duration, problem: String?)? {
        state.withLock { state in
            if let latest = state.latest, start - latest.at < Self.goodFor { return latest }
            if !state.isLooking {
                state.isLooking = true
                Task { await self.look() }
            }
            return nil
        }
    }

    private func look() async {
        var problem: String?
        do throws(MigrationError) {
            try await migrator.check()
        } catch {
            problem = error.description
        }
        state.withLock { state in
            state.latest = (clock.uptime, problem)
            state.isLooking = false
        }
    }
}
