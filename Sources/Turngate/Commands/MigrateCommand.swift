import ArgumentParser
import Domain
import Logging
import Migrations
import Postgres

/// Brings the schema up to date, or says how it stands.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Apply the schema's migrations, or list them.",
        subcommands: [Up.self, Status.self])

    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Apply what is pending.")

        @OptionGroup var flags: SettingFlags

        func run() async throws {
            let migrator = try migrator(flags)
            let applied = try await reporting { try await migrator.up() }
            for migration in applied { print("applied \(migration.file)") }
            if applied.isEmpty { print("nothing to do") }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all migrations; exits with 1 unless the schema is exactly this program's.")

        @OptionGroup var flags: SettingFlags

        func run() async throws {
            let migrator = try migrator(flags)
            let all = try await reporting { try await migrator.status() }
            for status in all { print(status.line) }
            try await reporting { try await migrator.check() }
        }
    }

    fileprivate static func migrator(_ flags: SettingFlags) throws -> Migrator {
        let settings = flags.settings
        var reader = SettingsReader(settings)
        guard let database = reader.database() else { throw ValidationError(reader.problems.joined(separator: "\n")) }
        // The commands print what they did; the log is for who asks for it.
        let asked = settings.entry(.logLevel).flatMap { $0.source == .default ? nil : Logger.Level(rawValue: $0.value) }
        LineLogHandler.bootstrap(
            level: asked ?? .warning, format: settings[.logFormat].flatMap(LogFormat.init(rawValue:)))
        return Migrator(database, migrations: Migration.all, logger: Logger(label: "migrations"))
    }
}

private func migrator(_ flags: SettingFlags) throws -> Migrator { try MigrateCommand.migrator(flags) }

/// Runs `body`; a migration error becomes one line and the exit code 1.
private func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as MigrationError {
        throw CommandFailure(message: error.description)
    }
}

/// An error that is one sentence for the operator.
struct CommandFailure: Error, CustomStringConvertible {
    var message: String
    var description: String { message }
}

extension MigrationStatus {
    /// `0001_sessions.sql  applied at …`
    fileprivate var line: String {
        let number = String(version)
        return String(repeating: "0", count: max(0, 4 - number.count)) + number + "_\(name)  \(state.text)"
    }
}

extension MigrationStatus.State {
    fileprivate var text: String {
        switch self {
        case .applied(let time): "applied \(Timestamp(microseconds: time.microseconds))"
        case .pending: "pending"
        case .changed(let time): "applied \(Timestamp(microseconds: time.microseconds)), but changed since"
        case .unknown(let time): "applied \(Timestamp(microseconds: time.microseconds)), unknown to this program"
        }
    }
}
