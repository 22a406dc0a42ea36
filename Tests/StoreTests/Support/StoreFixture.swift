import Domain
import Foundation
import Logging
import Migrations
import Postgres
import Store
import TestSupport
import Testing

/// A migrated database of a test's own, with the ports on it and a runtime
/// that is entered.
struct StoreFixture {
    let url: String
    let pool: PostgresPool
    let sessions: PostgresSessionStore
    let registry: PostgresRuntimeRegistry
    let history: PostgresStateHistory
    let log: PostgresEventLog
    let runtime: RuntimeDescription
    /// 2026-11-22T10:31:07.123456Z; tests count from here.
    static let start = Timestamp(microseconds: 1_795_343_467_123_456)

    init(
        database url: String? = nil, chunkRows: Int = 2000, metrics: StoreMetrics? = nil,
        unavailableAfter: Duration = .seconds(30), insertTimeout: Duration = .seconds(60),
        onEvents: @escaping @Sendable () -> Void = {}
    ) async throws {
        if let url { self.url = url } else { self.url = try await TemporaryPostgres.database() }
        try await Self.migrate(self.url)
        var configuration = Self.configuration(self.url)
        configuration.unavailableAfter = unavailableAfter
        configuration.backoff = .milliseconds(20) ... .milliseconds(100)
        pool = try PostgresPool(configuration, logger: Logger(label: "test"))
        sessions = PostgresSessionStore(
            pool: pool, events: PlainEvents(), metrics: metrics, insertTimeout: insertTimeout, onEvents: onEvents)
        registry = PostgresRuntimeRegistry(pool: pool)
        history = PostgresStateHistory(pool: pool, chunkRows: chunkRows)
        log = PostgresEventLog(pool: pool)
        runtime = Self.description()
        try await registry.enter(runtime)
    }

    /// Patient, since a busy machine takes its time.
    static func configuration(_ url: String) -> PostgresConfiguration {
        var configuration = PostgresConfiguration(connectionString: url)
        configuration.queryTimeout = .seconds(60)
        configuration.connectTimeout = .seconds(30)
        configuration.statementTimeout = .seconds(60)
        configuration.lockTimeout = .seconds(60)
        configuration.idleInTransactionTimeout = .seconds(60)
        return configuration
    }

    /// A connection of its own with a transaction that has done `sql`, so that
    /// others wait for what it has locked until it says COMMIT.
    func blocker(_ sql: String) async throws -> PostgresSession {
        let session = try await PostgresSession.connect(Self.configuration(url))
        try await session.run(script: "BEGIN; " + sql, timeout: .seconds(60))
        return session
    }

    static func description() -> RuntimeDescription {
        RuntimeDescription(id: RuntimeID(uuid: UUID()), host: "host", bootID: "boot", pid: 42, startTicks: 4711)
    }

    private static func migrate(_ url: String) async throws {
        let configuration = PostgresConfiguration(connectionString: url)
        _ = try await Migrator(configuration, migrations: Migration.all, logger: Logger(label: "test")).up()
    }

    /// A session that is not in the database yet.
    func makeSession(
        room: String = "room", identity: String = "agent", labels: [String: String] = [:], after: Duration = .zero
    ) -> Session {
        let time = Self.start + after
        let spec = SessionSpec(room: room, agent: AgentProfile(identity: identity), labels: labels)
        return Session(id: SessionID(at: time), spec: spec, createdAt: time)
    }

    /// A session as inserted, and the machine of its agent's state.
    @discardableResult
    func insertSession(
        room: String = "room", identity: String = "agent", labels: [String: String] = [:], after: Duration = .zero
    ) async throws -> (session: Session, machine: AgentStateMachine) {
        let session = makeSession(room: room, identity: identity, labels: labels, after: after)
        let machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
        try await sessions.insert(session, first: machine.current, owner: runtime.id)
        return (session, machine)
    }

    /// Runs SQL that is made up for a test.
    @discardableResult
    func sql(_ text: String, _ values: [PostgresValue] = []) async throws(PostgresError) -> PostgresResult {
        try await pool.query(.unnamed(text), values, timeout: .seconds(60))
    }

    func number(_ text: String, _ values: [PostgresValue] = []) async throws -> Int {
        try #require(try await sql(text, values).first).get(0)
    }

    /// A journal with short pauses.
    func journal(
        events: any EventEncoding = PlainEvents(), metrics: StoreMetrics? = nil,
        logger: Logger = Logger(label: "test"), batchLimit: Int = 500,
        onDurable: @escaping @Sendable ([JournalEntry]) -> Void = { _ in },
        onRefused: @escaping @Sendable ([JournalEntry]) -> Void = { _ in }
    ) -> JournalWriter {
        var configuration = JournalConfiguration()
        configuration.backoff = .milliseconds(10) ... .milliseconds(50)
        configuration.batchLimit = batchLimit
        return JournalWriter(
            pool: pool, events: events, clock: SystemClock(), metrics: metrics, logger: logger,
            configuration: configuration,
            onDurable: onDurable, onRefused: onRefused)
    }

    /// The rows of one session as the database has them.
    func rows(of id: SessionID) async throws -> [HistoryRow] {
        let page = try await history.page(HistoryQuery(session: id, limit: 1000))
        return try HistoryRow.decode(page.rows)
    }
}

/// A row of the history, as its JSON says.
struct HistoryRow: Codable, Equatable {
    var session_id: String
    var room: String
    var seq: Int64
    var old_state: String?
    var new_state: String
    var at: String
    var dwell_ms: Double?
    var cause: String
    var actor: String?
    var turn_id: String?
    var reason: String?

    static func decode(_ bytes: [UInt8]) throws -> [HistoryRow] {
        try JSONDecoder().decode([HistoryRow].self, from: Data(bytes))
    }
}

extension AgentStateMachine {
    /// The next transition of a machine that must make one.
    mutating func next(
        _ state: AgentState, after: Duration = .seconds(1), actor: String? = nil, reason: String? = nil
    ) throws -> AgentStateTransition {
        guard
            case .moved(let transition) = step(
                to: state, cause: .api, actor: actor, reason: reason, at: current.at + after)
        else { throw TurngateError.internalFailure("no step") }
        return transition
    }

    /// Transitions in turn between listening and thinking.
    mutating func walk(_ count: Int, every pause: Duration = .seconds(1)) throws -> [AgentStateTransition] {
        try (0..<count).map { _ in try next(state == .listening ? .thinking : .listening, after: pause) }
    }
}

extension Session {
    /// This session's progress after some changes to it.
    func progress(_ change: (inout Session) -> Void) -> JournalEntry {
        var changed = self
        change(&changed)
        return .session(SessionProgress(of: changed))
    }

    /// This session's end.
    func ended(after: Duration, reason: SessionEndReason = .deleted) -> JournalEntry {
        progress {
            $0.status = reason.finalStatus
            $0.endedAt = createdAt + after
            $0.end = SessionEnd(reason)
        }
    }
}
