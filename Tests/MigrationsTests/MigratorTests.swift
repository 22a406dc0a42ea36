import Logging
import Migrations
import Postgres
import TestSupport
import Testing

@Suite struct MigratorTests {
    static func migration(_ version: Int, _ name: String, _ sql: String) -> Migration {
        Migration(version: version, name: name, script: Array(sql.utf8))
    }

    static let people = migration(1, "people", "CREATE TABLE people (id int); CREATE INDEX ON people (id);")
    static let pets = migration(2, "pets", "CREATE TABLE pets (id int)")
    static let both = [people, pets]

    private func migrator(_ url: String, _ migrations: [Migration], lockWait: Duration = .seconds(30)) -> Migrator {
        Migrator(
            PostgresConfiguration(connectionString: url), migrations: migrations,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            lockWait: lockWait)
    }

    private func refusal(_ body: () async throws(MigrationError) -> Void) async -> MigrationError? {
        do throws(MigrationError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    private func count(_ sql: String, in url: String) async throws -> Int {
        let session = try await PostgresSession.connect(PostgresConfiguration(connectionString: url))
        return try await session.query(sql, timeout: .seconds(60))[0].get(0)
    }

    private func states(_ migrator: Migrator) async throws -> [String] {
        try await migrator.status().map { item in
            switch item.state {
            case .applied: "\(item.version) applied"
            case .pending: "\(item.version) pending"
            case .changed: "\(item.version) changed"
            case .unknown: "\(item.version) unknown"
            }
        }
    }

    @Test func up_appliesWhatIsPending_once() async throws {
        let url = try await TemporaryPostgres.database()
        let first = migrator(url, [MigratorTests.people])
        #expect(try await states(first) == ["1 pending"])
        #expect(try await first.up() == [MigratorTests.people])
        let second = migrator(url, MigratorTests.both)
        #expect(try await states(second) == ["1 applied", "2 pending"])
        guard case .behind(["0002_pets.sql"])? = await refusal(second.check) else {
            Issue.record("check() did not say what is missing")
            return
        }
        #expect(try await second.up() == [MigratorTests.pets])
        #expect(try await second.up() == [])
        try await second.check()
        #expect(
            try await count(
                "SELECT count(*) FROM turngate_migrations WHERE duration_ms >= 0 AND length(checksum) = 64", in: url)
                == 2)
    }

    @Test func realMigrations_applyToAnEmptyDatabase() async throws {
        let migrator = migrator(try await TemporaryPostgres.database(), Migration.all)
        #expect(try await migrator.up() == Migration.all)
        try await migrator.check()
    }

    @Test func twoMigratorsAtOnce_bothSucceed_andEachScriptRunsOnce() async throws {
        let url = try await TemporaryPostgres.database()
        let slow = MigratorTests.migration(1, "slow", "CREATE TABLE slow (); SELECT pg_sleep(0.3)")
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await self.migrator(url, [slow, MigratorTests.pets]).up().count } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(applied.sorted() == [0, 0, 0, 2])
    }

    @Test func lockHeldTooLong_isReported() async throws {
        let url = try await TemporaryPostgres.database()
        let holder = try await PostgresSession.connect(PostgresConfiguration(connectionString: url))
        _ = try await holder.query("SELECT pg_advisory_lock(8391739299181196389)", timeout: .seconds(60))
        let error = await refusal { () async throws(MigrationError) in
            _ = try await migrator(url, MigratorTests.both, lockWait: .milliseconds(200)).up()
        }
        guard case .locked? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await count("SELECT count(*) FROM pg_class WHERE relname = 'people'", in: url) == 0)
    }

    @Test func changedScript_isNoticed_andNothingIsApplied() async throws {
        let url = try await TemporaryPostgres.database()
        _ = try await migrator(url, [MigratorTests.people]).up()
        let edited = migrator(
            url, [MigratorTests.migration(1, "people", "CREATE TABLE people (id int8)"), MigratorTests.pets])
        #expect(try await states(edited) == ["1 changed", "2 pending"])
        for error in [
            await refusal(edited.check), await refusal { () async throws(MigrationError) in _ = try await edited.up() },
        ] {
            guard case .changed(["0001_people.sql"])? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(try await count("SELECT count(*) FROM turngate_migrations", in: url) == 1)
    }

    @Test func newerDatabase_isRefused() async throws {
        let url = try await TemporaryPostgres.database()
        _ = try await migrator(url, MigratorTests.both).up()
        let old = migrator(url, [MigratorTests.people])
        #expect(try await states(old) == ["1 applied", "2 unknown"])
        for error in [
            await refusal(old.check), await refusal { () async throws(MigrationError) in _ = try await old.up() },
        ] {
            guard case .ahead([2])? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func migrationBelowAnAppliedOne_isRefused() async throws {
        let url = try await TemporaryPostgres.database()
        _ = try await migrator(url, [MigratorTests.pets]).up()
        let error = await refusal { () async throws(MigrationError) in
            _ = try await migrator(url, MigratorTests.both).up()
        }
        guard case .outOfOrder(["0001_people.sql"])? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func failingScript_leavesNothingBehind_andNamesFileAndMessage() async throws {
        let url = try await TemporaryPostgres.database()
        let broken = MigratorTests.migration(2, "broken", "CREATE TABLE half (); SELECT * FROM nowhere;")
        let error = await refusal { () async throws(MigrationError) in
            _ = try await migrator(url, [MigratorTests.people, broken]).up()
        }
        let text = try #require(error).description
        #expect(text.contains("0002_broken.sql"))
        #expect(text.contains(#"relation "nowhere" does not exist"#))
        #expect(try await count("SELECT count(*) FROM pg_class WHERE relname = 'half'", in: url) == 0)
        #expect(try await count("SELECT max(version) FROM turngate_migrations", in: url) == 1)
    }

    @Test func scriptThatCommits_isRefused_andNotRecorded() async throws {
        let url = try await TemporaryPostgres.database()
        let error = await refusal { () async throws(MigrationError) in
            _ = try await migrator(url, [MigratorTests.migration(1, "bad", "CREATE TABLE a (); COMMIT")]).up()
        }
        guard case .endedTransaction("0001_bad.sql")? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await count("SELECT count(*) FROM turngate_migrations", in: url) == 0)
    }

    @Test func unorderedList_isRefused() async throws {
        let migrator = migrator("host=/nowhere", [MigratorTests.pets, MigratorTests.people])
        guard case .invalidList? = await refusal(migrator.check) else {
            Issue.record("accepted")
            return
        }
    }

    @Test func unreachableDatabase_isReported() async throws {
        guard case .database(let error)? = await refusal(migrator("host=/nowhere", MigratorTests.both).check) else {
            Issue.record("accepted")
            return
        }
        #expect(error.kind == .unavailable)
    }
}
