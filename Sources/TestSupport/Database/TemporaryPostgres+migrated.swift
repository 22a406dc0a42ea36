import Logging
import Migrations
import Postgres

extension TemporaryPostgres {
    /// A connection string for a new database with all tables in it.
    ///
    /// - Throws: as `database()`, and `MigrationError`.
    public static func migratedDatabase() async throws -> String {
        let url = try await database()
        let configuration = PostgresConfiguration(connectionString: url)
        _ = try await Migrator(configuration, migrations: Migration.all, logger: Logger(label: "test")).up()
        return url
    }
}
