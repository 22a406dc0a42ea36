import Glibc
import TestSupport
import Testing

@testable import Postgres

/// Tasks that go on on the pool's own thread.
@Suite struct PoolThreadTests {
    static let one = PostgresStatement(name: "one", sql: "SELECT 1::int8 AS n")
    static let sleep = PostgresStatement(name: "sleep", sql: "SELECT pg_sleep(60)")

    private static var here: UInt { UInt(pthread_self()) }

    /// After how many of its queries a task of `executor` goes on on the pool's thread.
    private static func passed(_ pool: PostgresPool, _ executor: (any TaskExecutor)?) async throws -> Int {
        try await Task(executorPreference: executor) {
            var passed = 0
            for _ in 0..<200 {
                _ = try await pool.query(one)
                if pool.threadExecutor.isCurrent { passed += 1 }
            }
            return passed
        }.value
    }

    /// Not after each: an answer that is there before the task waits for it wakes nobody.
    @Test func taskThatPassesOn_goesOnOnThePoolsThread() async throws {
        try await withPool { pool in
            let (here, elsewhere) = (try await Self.passed(pool, pool.threadExecutor), try await Self.passed(pool, nil))
            #expect(here > 0 && elsewhere == 0)
        }
    }

    /// The pool's thread tells it so at its own end, and the task asks again right there.
    @Test func taskUnderWay_whenThePoolCloses_hearsIt_andCanAskNoMore() async throws {
        let kinds = try await withPool { pool in
            let task = Task(executorPreference: pool.threadExecutor) {
                [
                    await failure { _ = try await pool.query(Self.sleep) }?.kind,
                    await failure { _ = try await pool.query(Self.one) }?.kind,
                ]
            }
            #expect(await eventually { pool.state.underWay == 1 })
            await pool.close(deadline: .zero)
            return await task.value
        }
        #expect(kinds == [.connectionLost, .closed])
    }

    /// While it computes, nothing else of the pool goes on; what it asks for next
    /// is answered all the same.
    @Test func passedOnResults_comeInAsManyPiecesAsThereAre() async throws {
        try await withPool { pool in
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 {
                    group.addTask(executorPreference: pool.threadExecutor) {
                        let first: Int = try await pool.query(Self.one)[0].get("n")
                        let second: Int = try await pool.query(Self.one)[0].get("n")
                        return first + second
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 400)
        }
    }

    /// Whoever gives a task up wakes it, and it must not run there: he may hold locks.
    @Test func cancelledTask_goesOnElsewhere() async throws {
        try await withPool { pool in
            let task = Task(executorPreference: pool.threadExecutor) { () -> (UInt, PostgresError.Kind?) in
                do {
                    _ = try await pool.query(Self.sleep)
                    return (Self.here, nil)
                } catch {
                    return (Self.here, (error as? PostgresError)?.kind)
                }
            }
            #expect(await eventually { pool.state.underWay == 1 })
            let canceller = try #require(Thread.start { task.cancel() })
            let (thread, kind) = await task.value
            // Only now, so that no other thread has its number yet.
            canceller.join()
            #expect(kind == .cancelled && thread != canceller.number)
            await pool.close(deadline: .zero)
        }
    }

    private struct Thread {
        private final class Body {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }

        let number: UInt

        static func start(_ body: @escaping @Sendable () -> Void) -> Thread? {
            var thread = pthread_t()
            let code = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, Unmanaged.passRetained(Body(body)).toOpaque())
            return code == 0 ? Thread(number: UInt(thread)) : nil
        }

        func join() { pthread_join(pthread_t(number), nil) }
    }

    @Test func closedPool_leavesTheTaskToTheCommonThreads() async throws {
        let kind = try await withPool { pool in
            await pool.close()
            return await Task(executorPreference: pool.threadExecutor) { () -> PostgresError.Kind? in
                do {
                    _ = try await pool.query(Self.one)
                    return nil
                } catch {
                    return (error as? PostgresError)?.kind
                }
            }.value
        }
        #expect(kind == .closed)
    }
}
