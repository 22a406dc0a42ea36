import Postgres
import TestSupport
import Testing

@Suite struct OutageTests {
    static let read = PostgresStatement(name: "outage_read", sql: "SELECT $1::int8 AS n")

    /// Short pauses, so that the tests need not wait long.
    static func impatient(_ configuration: inout PostgresConfiguration) {
        configuration.backoff = .milliseconds(20) ... .milliseconds(100)
        configuration.connectTimeout = .milliseconds(500)
        configuration.silenceTolerance = .milliseconds(300)
    }

    @Test func afterARestart_statementsArePreparedAgain() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(to: server.database(), OutageTests.impatient) { pool in
            _ = try await pool.query(OutageTests.read, [.int(1)])
            try await server.restart()
            #expect(await eventually { (try? await pool.query(OutageTests.read, [.int(2)]))?.count == 1 })
            #expect(await eventually { pool.state.connected == 4 })
        }
    }

    @Test func serverKilledUnderAQuery_connectionIsLost_andATransactionUnknown() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(to: server.database(), OutageTests.impatient) { pool in
            try await pool.ping()
            async let query = failure { try await pool.run("SELECT pg_sleep(30)") }
            async let transaction = failure {
                _ = try await pool.transaction([PostgresCommand(.unnamed("SELECT pg_sleep(30)"))])
            }
            #expect(await eventually { pool.state.underWay == 2 })
            try await server.stop(.immediate)
            let (first, second) = await (query, transaction)
            #expect(first?.kind == .connectionLost)
            #expect(first?.wasSent == true)
            #expect(second?.kind == .outcomeUnknown)
            #expect(second?.isConnectionProblem == true)
        }
    }

    @Test func serverDownAndBack_waitingQueriesSucceed() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(
            to: server.database(),
            {
                OutageTests.impatient(&$0)
                $0.unavailableAfter = .seconds(30)
                $0.queryTimeout = .seconds(30)
            }
        ) { pool in
            try await pool.ping()
            try await server.stop()
            #expect(await eventually { pool.state.connected == 0 })
            let waiting = Task { try await pool.query(OutageTests.read, [.int(7)])[0].get("n", as: Int.self) }
            #expect(await eventually { pool.state.queued == 1 })
            try await server.start()
            #expect(try await waiting.value == 7)
        }
    }

    @Test func serverDown_queriesGiveUpAfterTheConfiguredWait() async throws {
        let server = try await TemporaryPostgres.privateServer()
        let url = server.connectionString(database: "postgres")
        try await server.stop()
        try await withPool(
            to: url,
            {
                OutageTests.impatient(&$0)
                $0.unavailableAfter = .milliseconds(300)
            }
        ) { pool in
            let start = ContinuousClock.now
            let error = await failure { _ = try await pool.query(OutageTests.read, [.int(1)]) }
            #expect(error?.kind == .unavailable)
            #expect(error?.wasSent == false)
            #expect(error?.reason == "the connection was refused")
            #expect(ContinuousClock.now - start >= .milliseconds(300))
        }
    }

    @Test func wrongDatabase_isUnavailable_withTheServersMessageOnlyOnRequest() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(
            to: server.connectionString(database: "absent_one"),
            {
                OutageTests.impatient(&$0)
                $0.unavailableAfter = .milliseconds(500)
            }
        ) { pool in
            let error = await failure { try await pool.ping() }
            #expect(error?.kind == .unavailable)
            #expect(error?.unsafeServerMessage?.contains("absent_one") == true)
            #expect(error.map { "\($0)".contains("absent_one") } == false)
        }
    }

    @Test func hungServer_keepsNoCallerBeyondItsDeadline_andThePoolRecovers() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(
            to: server.database(),
            {
                OutageTests.impatient(&$0)
                $0.unavailableAfter = .milliseconds(400)
            }
        ) { pool in
            try await pool.ping()
            #expect(await eventually { pool.state.connected == 4 })
            try server.pause()
            // All of them come back while the server is still frozen.
            let errors = await withTaskGroup(of: PostgresError?.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        await failure {
                            if index.isMultiple(of: 2) {
                                _ = try await pool.query(OutageTests.read, [.int(1)], timeout: .milliseconds(400))
                            } else {
                                let command = PostgresCommand(OutageTests.read, [.int(1)])
                                _ = try await pool.transaction([command], timeout: .milliseconds(400))
                            }
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1?.kind) }
            }
            #expect(errors.count { $0 == .timedOut } == 20)
            #expect(errors.count { $0 == .outcomeUnknown } == 20)
            #expect(await eventually { pool.state.connected == 0 })
            #expect(await failure { try await pool.ping() }?.kind == .unavailable)
            try server.resume()
            #expect(await eventually { (try? await pool.query(OutageTests.read, [.int(3)]))?.count == 1 })
        }
    }

    @Test func closingPool_letsTheRunningFinish_andRefusesTheRest() async throws {
        let url = try await TemporaryPostgres.database()
        let barrier = try await Barrier(url)
        try await withPool(
            to: url,
            {
                Barrier.patient(&$0)
                $0.connectionCount = 1
                $0.pipelineDepth = 1
            }
        ) { pool in
            try await pool.ping()
            async let running = failure { try await pool.block() }
            #expect(await eventually { pool.state.underWay == 1 })
            async let waiting = failure { try await pool.run("SELECT 1") }
            #expect(await eventually { pool.state.queued == 1 })
            async let closing: Void = pool.close(deadline: .seconds(60))
            #expect(await waiting?.kind == .closed)
            barrier.lift()
            await closing
            #expect(await running == nil)
            #expect(await failure { try await pool.run("SELECT 1") }?.kind == .closed)
            #expect(pool.state.isClosed)
            #expect(pool.state.queued == 0)
            await pool.close()
        }
    }

    @Test func closingPool_pastItsDeadline_breaksWhatStillRuns() async throws {
        let url = try await TemporaryPostgres.database()
        let barrier = try await Barrier(url)
        defer { barrier.lift() }
        try await withPool(to: url, Barrier.patient) { pool in
            try await pool.ping()
            async let running = failure { try await pool.block() }
            #expect(await eventually { pool.state.underWay == 1 })
            await pool.close(deadline: .milliseconds(100))
            // The barrier still stands.
            #expect(await running?.kind == .connectionLost)
        }
    }

    @Test func poolLetGoWithoutClose_closesItsConnections() async throws {
        let url = try await TemporaryPostgres.database()
        var configuration = PostgresConfiguration(connectionString: url)
        Barrier.patient(&configuration)
        var pool: PostgresPool? = try PostgresPool(configuration, logger: quiet)
        try await pool?.ping(timeout: .seconds(60))
        pool = nil
        try await withPool(to: url, { $0.connectionCount = 1 }) { other in
            let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            #expect(await eventually { (try? await other.run(sql))?.isEmpty == true })
        }
    }
}
