import Foundation
import Glibc
import Postgres

/// A throw-away PostgreSQL cluster on a unix socket, with fsync off.
public final class TemporaryPostgresServer: Sendable {
    /// How to stop the server.
    public enum StopMode: Sendable {
        /// Sessions are told, and ended.
        case fast
        /// As in a crash: sessions break without a word, and the next start recovers.
        case immediate
    }

    /// The directory of the data, the socket and the log.
    let directory: String
    private let supervisor: TemporaryPostgresSupervisor

    private init() throws {
        // Not TMPDIR: the socket lies here, whose path has 107 bytes at most, and the
        // server's own user has to get in.
        var template = Array("/tmp/tgpg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TemporaryPostgres.Failure(description: "mkdtemp failed") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        supervisor = try TemporaryPostgresSupervisor(
            directory: directory, binaries: TemporaryPostgresServer.binaries(), user: geteuid() == 0 ? "postgres" : "")
    }

    /// A new running cluster.
    static func start() async throws -> TemporaryPostgresServer {
        let server = try TemporaryPostgresServer()
        try await server.start()
        return server
    }

    /// Starts the server again after `stop`, and returns when it answers.
    ///
    /// - Throws: `TemporaryPostgres.Failure` after a minute.
    public func start() async throws {
        try supervisor.send("start")
        try await waitUntil("PostgreSQL did not start") { await self.answers() }
    }

    /// Stops the server, and returns when it is gone.
    ///
    /// - Throws: `TemporaryPostgres.Failure` when it does not go, or does not run.
    public func stop(_ mode: StopMode = .fast) async throws {
        let pid = try postmaster()
        kill(pid, mode == .fast ? SIGINT : SIGQUIT)
        // The pid file goes last; the supervisor reaps the process itself.
        try await waitUntil("PostgreSQL did not stop") { !FileManager.default.fileExists(atPath: self.pidFile) }
    }

    /// `stop` and `start`.
    ///
    /// - Throws: as these.
    public func restart(_ mode: StopMode = .fast) async throws {
        try await stop(mode)
        try await start()
    }

    /// Freezes the server with all its processes: connections stay open and
    /// nothing answers.
    ///
    /// - Throws: `TemporaryPostgres.Failure` when it does not run.
    public func pause() throws {
        let pid = try postmaster()
        kill(pid, SIGSTOP)
        children(of: pid).forEach { kill($0, SIGSTOP) }
    }

    /// Lets a frozen server go on.
    ///
    /// - Throws: `TemporaryPostgres.Failure` when it does not run.
    public func resume() throws {
        let pid = try postmaster()
        children(of: pid).forEach { kill($0, SIGCONT) }
        kill(pid, SIGCONT)
    }

    /// A connection string for a new, empty database.
    ///
    /// - Throws: `PostgresError` when the server does not run.
    public func database() async throws -> String {
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let session = try await PostgresSession.connect(configuration)
        defer { session.close() }
        try await session.run(script: "CREATE DATABASE \(name)", timeout: .seconds(30))
        return connectionString(database: name)
    }

    /// The connection string for a database of this server.
    public func connectionString(database: String) -> String {
        "host=\(directory) port=5432 user=postgres dbname=\(database)"
    }

    private var configuration: PostgresConfiguration {
        var configuration = PostgresConfiguration(connectionString: connectionString(database: "postgres"))
        configuration.statementTimeout = .seconds(30)
        return configuration
    }

    private var pidFile: String { directory + "/data/postmaster.pid" }

    private func answers() async -> Bool {
        guard let session = try? await PostgresSession.connect(configuration) else { return false }
        defer { session.close() }
        return (try? await session.query("SELECT 1", timeout: .seconds(5))) != nil
    }

    private func postmaster() throws -> pid_t {
        guard let text = try? String(contentsOfFile: pidFile, encoding: .utf8),
            let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { throw TemporaryPostgres.Failure(description: "PostgreSQL does not run") }
        return pid
    }

    private func children(of pid: pid_t) -> [pid_t] {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0.trimmingCharacters(in: .whitespaces)) }
    }

    private func waitUntil(_ failure: String, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !(await condition()) {
            guard ContinuousClock.now < deadline else {
                let log = (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? "no log"
                throw TemporaryPostgres.Failure(description: failure + ":\n" + log.suffix(2000))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The newest installed version's programs.
    private static func binaries() throws -> String {
        let root = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap(Int.init)
            .sorted()
        let found = versions.reversed().map { "\(root)/\($0)/bin" }
            .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
        guard let found else { throw TemporaryPostgres.Failure(description: "no PostgreSQL server under \(root)") }
        return found
    }
}
