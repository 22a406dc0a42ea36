import AgentRuntime
import ControlAPI
import Domain
import Foundation
import HTTPServer
import LiveKitRoom
import Logging
import Metrics
import Migrations
import Postgres
import Security
import Store
import Webhooks

/// The service, put together: the only place that knows which types stand
/// behind Domain's ports.
struct Service: Sendable {
    let logger: Logger
    private let runtime: RuntimeID
    private let pool: PostgresPool
    private let journal: JournalWriter
    private let registry: PostgresRuntimeRegistry
    private let supervisor: SessionSupervisor
    private let server: HTTPServer
    private let calls: OutboundCalls
    private let tellers: Tellers
    private let keys: KeyRingAuthenticator?
    private let idempotency: PostgresIdempotencyLog
    /// What goes on until it is told to stop.
    private let loops: [Task<Void, Never>]

    /// How long the database may be away at the start.
    private static let databasePatience = Duration.seconds(30)

    /// Brings everything up in the order in which one needs the other; the
    /// listener comes last, so that whoever gets an answer gets a whole one.
    static func start(_ configuration: ServiceConfiguration) async throws -> Service {
        let logger = Logger(label: "turngate")
        let clock = SystemClock()
        let metrics = MetricsRegistry()
        ProcessMetrics.register(in: metrics)
        let migrator = Migrator(configuration.database, logger: logger)
        try await prepareSchema(migrator, configuration.migration, clock: clock, logger: logger)
        let pool = try PostgresPool(configuration.database, logger: logger)
        let calls = try OutboundCalls(allowing: configuration.egressAllow, version: BuildVersion.text)
        let tellers = Tellers(pool: pool, calls: calls, clock: clock, metrics: metrics, logger: logger)
        let storeMetrics = StoreMetrics(registry: metrics)
        let schemas = EventSchemas(clock: clock)
        let store = PostgresSessionStore(
            pool: pool, events: schemas, metrics: storeMetrics, onEvents: { tellers.wake() })
        let refusals = RefusalRelay()
        let journal = JournalWriter(
            pool: pool, events: schemas, clock: clock, metrics: storeMetrics, logger: logger,
            onDurable: { _ in tellers.wake() }, onRefused: { refusals.take($0) })
        let registry = PostgresRuntimeRegistry(pool: pool)
        let tokens = LiveKitTokens(
            url: configuration.livekitURL, apiKey: configuration.livekitAPIKey,
            apiSecret: configuration.livekitAPISecret)
        let runtime = RuntimeID(uuid: UUID())
        let supervisor = SessionSupervisor(
            context: RuntimeContext(
                runtime: runtime, connector: try connector(configuration, tokens, clock: clock, logger: logger),
                store: store, journal: journal,
                handlers: SignedCaller(client: calls.handlers, clock: clock, secrets: configuration.webhookSecrets),
                makeWebhookSecret: { () throws(TurngateError) in try Tellers.makeSecret() }, clock: clock,
                metrics: RuntimeMetrics(registry: metrics), limits: limits(configuration), logger: logger))
        refusals.connect { supervisor.refused($0) }
        SessionCensus.register(supervisor, in: metrics)
        let watch = watch(runtime, registry, supervisor, clock: clock, logger: logger)
        try await watch.enter()
        let keys = configuration.keys.map(KeyRingAuthenticator.init)
        let idempotency = PostgresIdempotencyLog(pool: pool, runtime: runtime, clock: clock, logger: logger)
        let api = try ControlAPI(
            Dependencies(
                sessions: supervisor, history: PostgresStateHistory(pool: pool), events: tellers.hub,
                webhooks: tellers.webhooks,
                outboundURLs: EgressURLRule(policy: EgressPolicy(allowing: configuration.egressAllow)),
                serviceSigns: !configuration.webhookSecrets.isEmpty, tokens: tokens,
                authenticator: keys.map { authenticator($0, configuration) },
                idempotency: Idempotency(log: idempotency, sha256: { SHA256.hash($0) }),
                rateLimit: configuration.rateLimit,
                probes: [
                    PostgresReadiness(pool: pool), MigrationsProbe(migrator: migrator, clock: clock),
                    RoomServerProbe(url: configuration.livekitURL, client: calls.roomServer),
                ],
                metrics: metrics, openAPI: PackageResources.openapi_yaml, docsDirectory: docs(configuration),
                version: VersionInfo(version: BuildVersion.text, nativeCore: BuildVersion.nativeCore),
                relay: pool.threadExecutor, clock: clock, logger: logger))
        let server = try serve(api, at: configuration.listen, metrics: metrics, logger: logger)
        return Service(
            logger: logger, runtime: runtime, pool: pool, journal: journal, registry: registry, supervisor: supervisor,
            server: server, calls: calls, tellers: tellers, keys: keys, idempotency: idempotency,
            loops: [
                Task { await watch.run() }, tellers.start(),
                Task { await IdempotencyPurge(log: idempotency, clock: clock, logger: logger).run() },
            ])
    }

    private static func serve(
        _ api: ControlAPI, at address: HTTPListenAddress, metrics: MetricsRegistry, logger: Logger
    ) throws -> HTTPServer {
        var front = HTTPServerConfiguration(address: address)
        front.bodyRule = api.bodyRule
        let server = try HTTPServer(
            configuration: front, handler: api, errorResponse: api.frontErrorResponse, log: { log($0, to: logger) })
        HTTPGauges.register(server, in: metrics)
        try server.start()
        logger.notice("serving", metadata: ["listen": "\(address.text(port: server.port))"])
        return server
    }

    /// Stops accepting, finishes what is running, lets the agents leave, writes
    /// the rest down. Bounded by the sum of the parts' bounds, 29 s; says
    /// whether nothing was left undone.
    func stop() async -> Bool {
        logger.notice("stopping")
        // First, as streams never end by themselves: their readers come again, to
        // whoever is there then, and go on where they were.
        await tellers.hub.stop(deadline: .seconds(1))
        async let drained: Void = server.stop(deadline: .seconds(10))
        await finishRunning(within: .seconds(3))
        // What still waits now waits for its session, and is answered by its end.
        let remaining = await supervisor.shutDown(SessionEnd(.shutdown), within: .seconds(12))
        await drained
        async let delivered: Void = tellers.deliverer.stop(deadline: .seconds(3))
        let unwritten = await journal.close(deadline: .seconds(5))
        await delivered
        let unanswered = await idempotency.close(deadline: .seconds(1))
        for loop in loops {
            loop.cancel()
            await loop.value
        }
        do throws(TurngateError) {
            // What was not written is for the next process to find and bury; and
            // keyed calls whose answers were not stay this process's until then.
            if unwritten == 0, remaining == 0, unanswered == 0 { try await registry.leave(runtime) }
        } catch {
            logger.warning("this process stays on the register", metadata: ["error": "\(error)"])
        }
        await pool.close(deadline: .seconds(3))
        calls.close()
        logger.notice(
            "stopped",
            metadata: [
                "sessions_left": "\(remaining)", "entries_unwritten": "\(unwritten)",
                "answers_unwritten": "\(unanswered)",
            ])
        return remaining == 0 && unwritten == 0 && unanswered == 0
    }

    private func finishRunning(within bound: Duration) async {
        let clock = SystemClock()
        let deadline = clock.uptime + bound
        while server.gauges.requestsInFlight > 0, clock.uptime < deadline {
            do { try await clock.sleep(for: .milliseconds(20)) } catch { return }
        }
    }

    /// Puts the keys of the file (and the variable) in force; a mistake leaves
    /// the old ones.
    func reloadKeys(_ settings: Settings) {
        var reader = SettingsReader(settings)
        guard let keys, let ring = reader.keys() else {
            logger.error("keys not reread", metadata: ["problems": "\(reader.problems.joined(separator: "; "))"])
            return
        }
        keys.replace(with: ring)
        logger.notice("keys reread", metadata: ["keys": "\(ring.keys.count)"])
    }

    private static func prepareSchema(
        _ migrator: Migrator, _ mode: ServiceConfiguration.MigrationMode, clock: SystemClock, logger: Logger
    ) async throws {
        let deadline = clock.uptime + databasePatience
        while true {
            do throws(MigrationError) {
                switch mode {
                case .auto: _ = try await migrator.up()
                case .check: try await migrator.check()
                }
                return
            } catch {
                guard case .database(let cause) = error, cause.isConnectionProblem, clock.uptime < deadline else {
                    throw CommandFailure(message: error.advice)
                }
                logger.warning("the database is not there yet", metadata: ["error": "\(error)"])
            }
            try await clock.sleep(for: .seconds(1))
        }
    }

    private static func connector(
        _ configuration: ServiceConfiguration, _ tokens: LiveKitTokens, clock: SystemClock, logger: Logger
    ) throws -> LiveKitConnector {
        var roomLogger = Logger(label: "livekit")
        roomLogger.logLevel = max(roomLogger.logLevel, .warning)
        let options = LiveKitCoreOptions(libraryPath: configuration.livekitLibrary, logger: roomLogger) { panic in
            // The core's rooms are lost, and with them this process's use; the
            // next one buries the sessions.
            logger.critical("the native core has failed", metadata: ["panic": "\(panic)"])
            Foundation.exit(70)
        }
        do throws(LiveKitCoreError) {
            let core = try LiveKitCore.start(options)
            return LiveKitConnector(core: core, configuration: LiveKitConfiguration(url: configuration.livekitURL)) {
                try tokens.agentToken($0, now: clock.now)
            }
        } catch {
            throw CommandFailure(message: "\(error)")
        }
    }

    private static func watch(
        _ runtime: RuntimeID, _ registry: PostgresRuntimeRegistry, _ supervisor: SessionSupervisor,
        clock: SystemClock, logger: Logger
    ) -> RuntimeWatch {
        let processes = LocalProcesses()
        return RuntimeWatch(
            me: processes.me(id: runtime), registry: registry, clock: clock, logger: logger,
            isAlive: { processes.isAlive($0) }, onBuried: { await supervisor.abandonAll() },
            writeOff: { supervisor.writeOffUnheld($0) })
    }

    private static func limits(_ configuration: ServiceConfiguration) -> RuntimeLimits {
        var limits = RuntimeLimits()
        limits.allTurnAudioBytes = configuration.turnAudioMegabytes << 20
        limits.turnAudioBytes = min(limits.turnAudioBytes, limits.allTurnAudioBytes)
        limits.turnAudioTime = .seconds(configuration.turnAudioSeconds)
        limits.sessionsPerKey = configuration.maxSessionsPerKey
        return limits
    }

    private static func authenticator(
        _ keys: KeyRingAuthenticator, _ configuration: ServiceConfiguration
    ) -> CredentialAuthenticator {
        CredentialAuthenticator(
            keys: keys,
            tokens: LiveKitTokenAuthenticator(
                apiKey: configuration.livekitAPIKey, apiSecret: configuration.livekitAPISecret))
    }

    private static func docs(_ configuration: ServiceConfiguration) -> URL? {
        let directory = URL(fileURLWithPath: configuration.docsDirectory, isDirectory: true)
        return FileManager.default.fileExists(atPath: directory.path) ? directory : nil
    }

    private static func log(_ event: HTTPServerEvent, to logger: Logger) {
        switch event {
        case .refused(let error, let address):
            logger.info("request refused", metadata: ["error": "\(error)", "remote": "\(address ?? "-")"])
        case .streamFailed(let reason): logger.warning("stream cut", metadata: ["reason": "\(reason)"])
        case .acceptFailed(let reason): logger.error("accept failed", metadata: ["reason": "\(reason)"])
        case .engine(let message): logger.debug("libmicrohttpd", metadata: ["message": "\(message)"])
        }
    }
}

extension MigrationError {
    /// The error with what to do about it, where that is known.
    fileprivate var advice: String {
        guard case .behind = self else { return description }
        return "the schema is behind, \(self); run 'turngate migrate up', or start with TURNGATE_MIGRATE=auto"
    }
}
