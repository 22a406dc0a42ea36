import Postgres
import TestSupport
import Testing

/// Short reads that wait at the same time: here they wait for the server, so
/// that all of them are sent as one batch.
@Suite struct BatchTests {
    static let half = PostgresStatement(
        name: "half", sql: "SELECT 100 / $1::int8 AS n, now()::text AS began", isShortRead: true)
    static let slow = PostgresStatement(
        name: "slow", sql: "SELECT 7::int8 AS n, now()::text AS began FROM pg_sleep($1::int8)", isShortRead: true)

    static func patient(_ configuration: inout PostgresConfiguration) {
        OutageTests.impatient(&configuration)
        configuration.connectionCount = 1
        configuration.unavailableAfter = .seconds(60)
        configuration.queryTimeout = .seconds(60)
    }

    struct Answer: Equatable {
        var number: Int?
        var began: String?
        var error: String?
    }

    /// What a statement answers with each value, all asked while nobody is there to answer.
    static func ask(_ statement: PostgresStatement, _ values: [Int]) async throws -> [Answer] {
        let server = try await TemporaryPostgres.privateServer()
        let url = try await server.database()
        try await server.stop()
        return try await withPool(to: url, patient) { pool in
            try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                for (place, value) in values.enumerated() {
                    group.addTask { (place, await answer(pool, statement, value)) }
                }
                #expect(await eventually { pool.state.queued == values.count })
                try await server.start()
                return try await group.reduce(into: values.map { _ in Answer() }) { $0[$1.0] = $1.1 }
            }
        }
    }

    static func answer(
        _ pool: PostgresPool, _ statement: PostgresStatement, _ value: Int, timeout: Duration? = nil
    ) async -> Answer {
        do {
            let row = try await pool.query(statement, [.int(value)], timeout: timeout)[0]
            return Answer(number: try row.get("n"), began: try row.get("began"))
        } catch {
            return Answer(error: error.sqlState ?? "\(error.kind)")
        }
    }

    @Test func shortReads_thatWaitTogether_shareATransactionAndHaveTheirOwnAnswers() async throws {
        let answers = try await Self.ask(Self.half, [1, 2, 4, 5, 10, 20])
        #expect(answers.map(\.number) == [100, 50, 25, 20, 10, 5])
        // The transaction's.
        #expect(Set(answers.map(\.began)).count == 1)
    }

    @Test func otherStatements_haveATransactionEach() async throws {
        let alone = PostgresStatement(name: "alone", sql: Self.half.sql)
        let answers = try await Self.ask(alone, [1, 2, 4, 5, 10, 20])
        #expect(answers.map(\.number) == [100, 50, 25, 20, 10, 5])
        #expect(Set(answers.map(\.began)).count == 6)
    }

    @Test func failingReads_inABatch_affectOnlyThemselves() async throws {
        let answers = try await Self.ask(Self.half, [1, 0, 4, 0, 10, 20])
        #expect(answers.map(\.number) == [100, nil, 25, nil, 10, 5])
        #expect(answers.map(\.error) == [nil, "22012", nil, "22012", nil, nil])
    }

    @Test func statementThatCannotBePrepared_failsForAllWhoAsk() async throws {
        let absent = PostgresStatement(
            name: "absent", sql: "SELECT n, '' AS began FROM absent WHERE n = $1::int8", isShortRead: true)
        let answers = try await Self.ask(absent, [1, 2, 3])
        #expect(answers.map(\.error) == ["42P01", "42P01", "42P01"])
    }

    /// The first one's time is up on the server, which takes the second one with
    /// it; that has to wait behind the third, and the pool is closed meanwhile.
    @Test func readThatIsToBeSentAgain_isToldThatThePoolIsClosed() async throws {
        let alone = PostgresStatement(name: "alone", sql: Self.slow.sql)
        let server = try await TemporaryPostgres.privateServer()
        let url = try await server.database()
        try await server.stop()
        try await withPool(to: url, Self.patient) { pool in
            async let first = Self.answer(pool, Self.slow, 120, timeout: .seconds(10))
            #expect(await eventually { pool.state.queued == 1 })
            async let second = Self.answer(pool, Self.slow, 0)
            #expect(await eventually { pool.state.queued == 2 })
            async let third = Self.answer(pool, alone, 120)
            #expect(await eventually { pool.state.queued == 3 })
            try await server.start()
            #expect(await eventually { pool.state.underWay == 3 })
            // The second one is in the queue again.
            #expect(await eventually { pool.state.queued == 1 })
            await pool.close(deadline: .seconds(1))
            #expect(await [first.error, second.error, third.error] == ["timedOut", "closed", "connectionLost"])
        }
    }

    @Test func connectionLostUnderABatch_isToldToAllOfIt() async throws {
        let server = try await TemporaryPostgres.privateServer()
        let url = try await server.database()
        try await server.stop()
        try await withPool(to: url, Self.patient) { pool in
            try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<4 { group.addTask { await Self.answer(pool, Self.slow, 30) } }
                #expect(await eventually { pool.state.queued == 4 })
                try await server.start()
                #expect(await eventually { pool.state.underWay == 4 })
                try await server.stop(.immediate)
                for try await answer in group { #expect(answer.error != nil && answer.number == nil) }
            }
        }
    }
}
