import AgentRuntime
import ControlAPI
import Domain
import Foundation
import HTTPServer
import Logging
import Metrics
import Migrations
import Postgres
import Security
import Store
import TestSupport

/// The service as the product puts it together, but for the room and the clock of what happens in it,
/// which are scripted: neither timers nor a network are in what is counted.
struct CountedService: Sendable {
    let room: FakeRoom
    let clock: QuietClock
    let supervisor: SessionSupervisor
    let journal: SettledJournal
    let port: Int

    private let pool: PostgresPool
    private let server: HTTPServer
    private let hub: Task<Void, Never>

    /// Serves on a free port of the loopback, from a database that may be empty.
    init(databaseURL: String) async throws {
        var logger = Logger(label: "hot-paths")
        logger.logLevel = .warning
        let database = PostgresConfiguration(connectionString: databaseURL)
        _ = try await Migrator(database, logger: logger).up()
        let (metrics, clock, pool) = (MetricsRegistry(), QuietClock(), try PostgresPool(database, logger: logger))
        let runtime = RuntimeID(uuid: UUID())
        try await PostgresRuntimeRegistry(pool: pool).enter(
            RuntimeDescription(id: runtime, host: "hot-paths", bootID: "", pid: getpid(), startTicks: 0))
        // Its clock stands still: heartbeats belong to no operation, and no read waits for another.
        var streams = EventHubLimits()
        streams.pace = .zero
        let events = EventHub(
            log: PostgresEventLog(pool: pool), clock: QuietClock(), metrics: metrics, logger: logger, limits: streams)
        let (schemas, storeMetrics) = (EventSchemas(clock: clock), StoreMetrics(registry: metrics))
        let journal = SettledJournal()
        journal.connect(
            JournalWriter(
                pool: pool, events: schemas, clock: SystemClock(), metrics: storeMetrics, logger: logger,
                onDurable: { entries in
                    events.wake()
                    journal.wrote(entries.count)
                }))
        room = FakeRoom(clock: clock)
        supervisor = SessionSupervisor(
            context: RuntimeContext(
                runtime: runtime, connector: room,
                store: PostgresSessionStore(
                    pool: pool, events: schemas, metrics: storeMetrics, onEvents: { events.wake() }),
                journal: journal, handlers: Absent(), makeWebhookSecret: { "" }, clock: clock,
                metrics: RuntimeMetrics(registry: metrics), limits: Self.limits, logger: logger))
        let api = try ControlAPI(
            Dependencies(
                sessions: supervisor, history: PostgresStateHistory(pool: pool), events: events,
                webhooks: PostgresWebhookRegistry(
                    pool: pool, clock: clock, makeSecret: { "" }, tester: Absent()),
                outboundURLs: Absent(), serviceSigns: false, tokens: Absent(), authenticator: try OneKey(),
                idempotency: Idempotency(
                    log: PostgresIdempotencyLog(pool: pool, runtime: runtime, clock: SystemClock(), logger: logger),
                    sha256: { SHA256.hash($0) }),
                probes: [PostgresReadiness(pool: pool)], metrics: metrics, openAPI: [], docsDirectory: nil,
                version: VersionInfo(version: "0"), relay: pool.threadExecutor, clock: SystemClock(), logger: logger))
        server = try Self.serve(api)
        (self.journal, self.clock, self.pool, port) = (journal, clock, pool, server.port ?? 0)
        hub = Task { await events.run() }
    }

    /// The watchdog, which looks at everything every so often, does not look.
    private static var limits: RuntimeLimits {
        var limits = RuntimeLimits()
        limits.watchInterval = .seconds(1_000_000)
        // The clock stands still, and so would what waits for its pace.
        limits.attributePace = .zero
        // Under callgrind everything takes its time.
        limits.durableWait = .seconds(120)
        return limits
    }

    private static func serve(_ api: ControlAPI) throws -> HTTPServer {
        var front = HTTPServerConfiguration(address: .ip(host: "127.0.0.1", port: 0))
        // Connections that wait for their turn, on a machine that is busy.
        front.limits.idleTimeout = .seconds(600)
        front.limits.headersDeadline = .seconds(600)
        front.bodyRule = api.bodyRule
        let server = try HTTPServer(
            configuration: front, handler: api, errorResponse: { api.frontErrorResponse($0, $1) })
        try server.start()
        return server
    }

    /// A session of its own room whose agent is there, and stays.
    func session(_ room: String, _ change: @Sendable (inout SessionSpec) -> Void = { _ in }) async throws -> SessionID {
        var spec = SessionSpec(room: room, maxDuration: nil, emptyTimeout: nil)
        // Whoever is there would be told of each turn: that is another path.
        spec.turnPolicy.notifyOn = []
        change(&spec)
        let session = try await supervisor.create(spec, actor: "count", wait: .seconds(60))
        guard session.status == .active else { throw HotPathFailure("\(room) is \(session.status)") }
        return session.id
    }
}
