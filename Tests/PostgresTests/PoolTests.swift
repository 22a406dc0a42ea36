import Postgres
import TestSupport
import Testing

@Suite struct PoolTests {
    static let double = PostgresStatement(name: "double", sql: "SELECT $1::int8 * 2 AS n")

    @Test func manyTasks_sharingAPool_eachGetTheirOwnAnswer() async throws {
        try await withPool { pool in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for round in 0..<100 {
                            let number = task * 1000 + round
                            let rows = try await pool.query(PoolTests.double, [.int(number)])
                            #expect(try rows[0].get("n", as: Int.self) == number * 2)
                        }
                        return 100
                    }
                }
                let answers = try await group.reduce(0, +)
                #expect(answers == 6400)
            }
            let sessions = try await pool.run(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()")
            #expect(try sessions[0].get("n", as: Int.self) == 4)
        }
    }

    @Test func failingQueries_betweenGoodOnes_affectOnlyThemselves() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            let outcomes = await withTaskGroup(of: (Int, PostgresError?).self) { group in
                for index in 0..<300 {
                    group.addTask {
                        let sql = ["SELECT 1", "SELECT 1/0", "SELECT * FROM absent"][index % 3]
                        let statement = PostgresStatement(name: "s\(index % 3)", sql: sql)
                        return (index, await failure { _ = try await pool.query(statement) })
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1?.sqlState ?? "none" }
            }
            #expect((0..<300).allSatisfy { outcomes[$0] == ["none", "22012", "42P01"][$0 % 3] })
            #expect(pool.state.connected == 1)
        }
    }

    @Test func statementThatCouldNotBePrepared_worksOnceItCan() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            let read = PostgresStatement(name: "read", sql: "SELECT n FROM late")
            #expect(await failure { _ = try await pool.query(read) }?.sqlState == "42P01")
            try await pool.run("CREATE TABLE late AS SELECT 1 AS n")
            #expect(try await pool.query(read).count == 1)
        }
    }

    @Test func violatedConstraints_areNamed_andTheDescriptionHoldsNoValues() async throws {
        try await withPool { pool in
            try await pool.run(
                """
                CREATE TABLE person (id int PRIMARY KEY, mail text CONSTRAINT mail_once UNIQUE, \
                age int CONSTRAINT age_ok CHECK (age > 0))
                """)
            let insert = PostgresStatement(name: "person_insert", sql: "INSERT INTO person VALUES ($1, $2, $3)")
            _ = try await pool.query(insert, [.int(1), .text("hidden@example.org"), .int(5)])
            let twice = await failure {
                _ = try await pool.query(insert, [.int(2), .text("hidden@example.org"), .int(5)])
            }
            #expect(twice?.isUniqueViolation == true)
            #expect(twice?.constraintName == "mail_once")
            #expect(twice?.tableName == "person")
            #expect(twice?.statementName == "person_insert")
            #expect(twice?.severity == "ERROR")
            #expect(twice?.unsafeServerDetail?.contains("hidden@example.org") == true)
            let check = await failure { _ = try await pool.query(insert, [.int(3), .null, .int(-5)]) }
            #expect(check?.isCheckViolation == true)
            #expect(check?.constraintName == "age_ok")
            var dumped = ""
            dump(twice, to: &dumped)
            for text in ["\(String(describing: twice))", String(reflecting: twice), dumped] {
                #expect(!text.contains("hidden"))
                #expect(!text.contains("INSERT"))
                #expect(text.contains("mail_once"))
            }
        }
    }

    @Test func bigResult_arrivesWhole() async throws {
        try await withPool { pool in
            let rows = try await pool.run("SELECT n, repeat('x', 100) AS filler FROM generate_series(1, 50000) AS n")
            #expect(rows.count == 50_000)
            #expect(try rows.last?.get("n", as: Int.self) == 50_000)
            #expect(try rows.reduce(0) { try $0 + $1.bytes("filler").count } == 5_000_000)
        }
    }

    @Test func bigParameters_ofManyTasks_areSentWithoutDeadlock() async throws {
        try await withPool({ $0.connectionCount = 1 }) { pool in
            let echo = PostgresStatement(name: "echo", sql: "SELECT $1::text AS t")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        let text = String(repeating: "\(index % 10)", count: 1_000_000)
                        let rows = try await pool.query(echo, [.text(text)])
                        #expect(try rows[0].get("t", as: String.self) == text)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func fullQueue_refusesOneMoreAtOnce() async throws {
        let url = try await TemporaryPostgres.database()
        let barrier = try await Barrier(url)
        try await withPool(
            to: url,
            {
                Barrier.patient(&$0)
                $0.connectionCount = 1
                $0.pipelineDepth = 1
                $0.queueLimit = 2
            }
        ) { pool in
            try await pool.ping()
            await withTaskGroup(of: PostgresError?.self) { group in
                group.addTask { await failure { try await pool.block() } }
                #expect(await eventually { pool.state.underWay == 1 })
                for _ in 0..<2 { group.addTask { await failure { try await pool.run("SELECT 1") } } }
                #expect(await eventually { pool.state.queued == 2 })
                #expect(await failure { try await pool.run("SELECT 1") }?.kind == .queueFull)
                barrier.lift()
                let errors = await group.reduce(into: []) { $0.append($1) }
                #expect(errors.allSatisfy { $0 == nil })
            }
        }
    }

    @Test func cancelledCaller_returnsAtOnce_andTheConnectionGoesOn() async throws {
        let url = try await TemporaryPostgres.database()
        let barrier = try await Barrier(url)
        try await withPool(
            to: url,
            {
                Barrier.patient(&$0)
                $0.connectionCount = 1
            }
        ) { pool in
            try await pool.ping()
            let task = Task { await failure { try await pool.block() } }
            #expect(await eventually { pool.state.underWay == 1 })
            task.cancel()
            // The query itself is still waiting for the barrier.
            let error = await task.value
            #expect(error?.kind == .cancelled)
            #expect(error?.wasSent == true)
            #expect(pool.state.underWay == 1)
            barrier.lift()
            #expect(try await pool.run("SELECT 1").count == 1)
        }
    }

    @Test func callerCancelledBeforehand_sendsNothing() async throws {
        try await withPool { pool in
            let error = await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure { try await pool.run("SELECT 1") }
            }.value
            #expect(error?.kind == .cancelled)
            #expect(error?.wasSent == false)
        }
    }

    @Test func slowStatement_endsWithTheServersTimeout() async throws {
        try await withPool({ $0.statementTimeout = .milliseconds(200) }) { pool in
            let error = await failure { try await pool.run("SELECT pg_sleep(20)") }
            #expect(error?.kind == .server)
            #expect(error?.isServerTimeout == true)
        }
    }

    @Test func callersDeadline_endsTheStatementOnTheServer_andSparesTheOneBehind() async throws {
        let url = try await TemporaryPostgres.database()
        // Never lifted: only a cancel request can end the first query.
        let barrier = try await Barrier(url)
        defer { barrier.lift() }
        try await withPool(
            to: url,
            {
                Barrier.patient(&$0)
                $0.silenceTolerance = .seconds(60)
                $0.connectionCount = 1
            }
        ) { pool in
            try await pool.ping()
            async let slow = failure { try await pool.block(timeout: .milliseconds(500)) }
            #expect(await eventually { pool.state.underWay == 1 })
            #expect(await failure { try await pool.run("SELECT pg_sleep(0.1)") } == nil)
            #expect(await slow?.kind == .timedOut)
            #expect(pool.state.connected == 1)
        }
    }

    @Test func malformedConnectionString_isRefusedWithoutItsContent() throws {
        for text in [
            "postgresql://user:hunter2@[bad", "host=localhost password='hunter2", "hunter2", "postgres://a\0",
            "postgresql://user:hunter2@:a:b/", "host=a port=0", "host=a,b port=1,65536",
        ] {
            do {
                _ = try PostgresPool(PostgresConfiguration(connectionString: text), logger: quiet)
                Issue.record("accepted")
            } catch {
                #expect(error.kind == .invalidConfiguration)
                #expect(!"\(error)".contains("hunter2"))
            }
        }
    }

    @Test(arguments: ["host=a,b,c port=1,,65535", "host=a port=' 5432 '", "postgresql:///t?host=/tmp", "dbname=t"])
    func wellFormedConnectionString_isAccepted(text: String) throws {
        try PostgresConfiguration(connectionString: text).check()
    }

    @Test func sessionSettings_areTheConfigured_andOptionsOfTheStringAreKept() async throws {
        let url = try await TemporaryPostgres.database() + " options='-c work_mem=7MB' application_name=mine"
        try await withPool(to: url, { $0.lockTimeout = .seconds(3) }) { pool in
            let names = [
                "statement_timeout", "lock_timeout", "TimeZone", "client_encoding", "work_mem", "application_name",
            ]
            let rows = try await pool.run(
                "SELECT current_setting(name) AS v FROM unnest($1::text[]) WITH ORDINALITY AS x (name, n) ORDER BY n",
                [.textArray(names)])
            #expect(try rows.map { try $0.get("v", as: String.self) } == ["10s", "3s", "UTC", "UTF8", "7MB", "mine"])
        }
    }
}
