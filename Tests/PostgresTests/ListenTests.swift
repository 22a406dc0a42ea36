import Postgres
import TestSupport
import Testing

@Suite struct ListenTests {
    static let notify = PostgresStatement(name: "notify", sql: "SELECT pg_notify($1, $2)")

    private static func send(_ payload: String, to channel: String, _ pool: PostgresPool) async throws {
        _ = try await pool.query(notify, [.text(channel), .text(payload)])
    }

    private static func payload(_ notification: PostgresNotification?) -> String? {
        if case .message(let payload, _) = notification { payload } else { nil }
    }

    @Test(.timeLimit(.minutes(5)))
    func notifications_arriveInOrder_onTheirOwnChannel() async throws {
        try await withPool { pool in
            var odd = pool.listen(#"Odd "channel""#).makeAsyncIterator()
            var other = pool.listen("other").makeAsyncIterator()
            #expect(await odd.next() == .listening)
            #expect(await other.next() == .listening)
            for number in 0..<50 { try await ListenTests.send("é\(number)", to: #"Odd "channel""#, pool) }
            try await ListenTests.send("", to: "other", pool)
            for number in 0..<50 { #expect(ListenTests.payload(await odd.next()) == "é\(number)") }
            #expect(ListenTests.payload(await other.next()) == "")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func secondSubscriber_ofTheSameChannel_hearsItToo_andTheFirstMayLeave() async throws {
        try await withPool { pool in
            var second = pool.listen("room").makeAsyncIterator()
            do {
                var first = pool.listen("room").makeAsyncIterator()
                #expect(await first.next() == .listening)
                #expect(await second.next() == .listening)
                try await ListenTests.send("a", to: "room", pool)
                #expect(ListenTests.payload(await first.next()) == "a")
            }
            try await ListenTests.send("b", to: "room", pool)
            #expect(ListenTests.payload(await second.next()) == "a")
            #expect(ListenTests.payload(await second.next()) == "b")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func restartOfTheServer_isMarked_andListeningGoesOn() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(to: server.database(), OutageTests.impatient) { pool in
            var stream = pool.listen("room").makeAsyncIterator()
            #expect(await stream.next() == .listening)
            try await server.restart(.immediate)
            #expect(await stream.next() == .reconnected)
            #expect(await eventually { (try? await ListenTests.send("after", to: "room", pool)) != nil })
            #expect(ListenTests.payload(await stream.next()) == "after")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func hungServer_isNoticedByTheListeningConnection() async throws {
        let server = try await TemporaryPostgres.privateServer()
        try await withPool(
            to: server.database(),
            {
                OutageTests.impatient(&$0)
                $0.listenPingInterval = .milliseconds(100)
            }
        ) { pool in
            var stream = pool.listen("room").makeAsyncIterator()
            #expect(await stream.next() == .listening)
            try server.pause()
            // A ping, its deadline and the tolerance, and then some.
            try await Task.sleep(for: .milliseconds(1500))
            try server.resume()
            #expect(await stream.next() == .reconnected)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func slowSubscriber_learnsThatItMissedSome() async throws {
        try await withPool({ $0.notificationLimit = 4 }) { pool in
            var slow = pool.listen("room").makeAsyncIterator()
            var quick = pool.listen("room").makeAsyncIterator()
            #expect(await slow.next() == .listening)
            #expect(await quick.next() == .listening)
            for number in 0..<20 {
                try await ListenTests.send("\(number)", to: "room", pool)
                #expect(ListenTests.payload(await quick.next()) == "\(number)")
            }
            var heard: [PostgresNotification] = []
            for _ in 0..<4 { if let next = await slow.next() { heard.append(next) } }
            #expect(heard.last == .overflowed)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func stream_endsWithThePool_andAtOnceForABadName() async throws {
        try await withPool { pool in
            var bad = pool.listen(String(repeating: "x", count: 64)).makeAsyncIterator()
            #expect(await bad.next() == nil)
            var stream = pool.listen("room").makeAsyncIterator()
            #expect(await stream.next() == .listening)
            await pool.close()
            #expect(await stream.next() == nil)
            var late = pool.listen("room").makeAsyncIterator()
            #expect(await late.next() == nil)
        }
    }
}
