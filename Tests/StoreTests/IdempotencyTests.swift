import Domain
import Foundation
import Logging
import Postgres
import Store
import Testing

@Suite struct IdempotencyTests {
    private static let reply = StoredReply(
        status: 201,
        headers: [.init(name: "Content-Type", value: "application/json"), .init(name: "Location", value: "/ä")],
        body: [0, 1, 255] + Array(#"{"a":1}"#.utf8))

    private static func request(
        _ key: String = "k", caller: String = "shop", fingerprint: UInt8 = 1
    ) -> IdempotencyRequest {
        IdempotencyRequest(caller: caller, key: key, fingerprint: [UInt8](repeating: fingerprint, count: 32))
    }

    private static func log(_ fixture: StoreFixture, _ runtime: RuntimeID? = nil) -> PostgresIdempotencyLog {
        PostgresIdempotencyLog(
            pool: fixture.pool, runtime: runtime ?? fixture.runtime.id, clock: SystemClock(),
            logger: Logger(label: "test"), settleTimeout: .seconds(60))
    }

    /// A process of its own, and its log.
    private static func another(_ fixture: StoreFixture) async throws -> (RuntimeID, PostgresIdempotencyLog) {
        let runtime = StoreFixture.description()
        try await fixture.registry.enter(runtime)
        return (runtime.id, log(fixture, runtime.id))
    }

    private static func claimed(
        _ log: PostgresIdempotencyLog, _ request: IdempotencyRequest = request()
    ) async throws -> IdempotencyClaim {
        let outcome = try await log.claim(request)
        guard case .claimed(let claim) = outcome else {
            Issue.record("not claimed: \(outcome)")
            throw CancellationError()
        }
        return claim
    }

    /// The claim of somebody else's call that had made `made`.
    private static func takenOver(
        _ log: PostgresIdempotencyLog, _ request: IdempotencyRequest = request(), having made: IdempotencyOutcome.Made
    ) async throws -> IdempotencyClaim {
        let outcome = try await log.claim(request)
        guard case .made(made, let claim) = outcome else {
            Issue.record("not taken over: \(outcome)")
            throw CancellationError()
        }
        return claim
    }

    @Test func aKey_isTheFirstCallers_untilItsReplyIsThereForAll() async throws {
        let fixture = try await StoreFixture()
        let log = Self.log(fixture)
        let (_, other) = try await Self.another(fixture)
        let claim = try await Self.claimed(log)
        for one in [log, other] {
            #expect(try await one.claim(Self.request()) == .running)
            #expect(try await one.claim(Self.request(fingerprint: 2)) == .mismatch)
        }
        try await log.complete(claim, with: Self.reply)
        for one in [log, other] {
            #expect(try await one.claim(Self.request()) == .replied(Self.reply))
            #expect(try await one.claim(Self.request(fingerprint: 2)) == .mismatch)
        }
        _ = try await Self.claimed(other, Self.request(caller: "board", fingerprint: 3))
        _ = try await Self.claimed(other, Self.request("k2"))
    }

    @Test func releasedKey_isFree_andForgetsItsCall() async throws {
        let fixture = try await StoreFixture()
        let log = Self.log(fixture)
        try await log.release(try await Self.claimed(log))
        let again = try await Self.claimed(log, Self.request(fingerprint: 9))
        try await log.complete(again, with: Self.reply)
        // Too late: it has its answer.
        try await log.release(again)
        #expect(try await log.claim(Self.request(fingerprint: 9)) == .replied(Self.reply))
    }

    @Test func ofAThousandAtOnce_oneGetsTheClaim_inAllProcesses() async throws {
        let fixture = try await StoreFixture()
        let logs = [Self.log(fixture), Self.log(fixture), try await Self.another(fixture).1]
        let outcomes = try await withThrowingTaskGroup(of: IdempotencyOutcome.self) { group in
            for number in 0..<1000 { group.addTask { try await logs[number % 3].claim(Self.request()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let claims = outcomes.compactMap { if case .claimed(let claim) = $0 { claim } else { nil } }
        #expect(claims.count == 1)
        #expect(outcomes.filter { $0 == .running }.count == 999)
        #expect(try await fixture.number("SELECT count(*) FROM idempotency_keys") == 1)
    }

    @Test func aThousandKeysThreeTimesAtOnce_giveEachClaimOnce() async throws {
        let fixture = try await StoreFixture()
        let logs = [Self.log(fixture), try await Self.another(fixture).1]
        let outcomes = try await withThrowingTaskGroup(of: IdempotencyOutcome.self) { group in
            for number in 0..<3000 {
                group.addTask { try await logs[number % 2].claim(Self.request("k\(number % 1000)")) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let claims = outcomes.compactMap { if case .claimed(let claim) = $0 { claim } else { nil } }
        #expect(claims.count == 1000 && Set(claims).count == 1000)
        #expect(outcomes.filter { $0 == .running }.count == 2000)
    }

    @Test func claimOfADeadProcess_isTheNextOnes_andOneOfThemGetsIt() async throws {
        let fixture = try await StoreFixture()
        let (dead, theirs) = try await Self.another(fixture)
        let lost = try await Self.claimed(theirs)
        let logs = [Self.log(fixture), Self.log(fixture)]
        #expect(try await logs[0].claim(Self.request()) == .running)
        _ = try await fixture.registry.bury(dead)
        #expect(try await logs[0].claim(Self.request(fingerprint: 7)) == .mismatch)
        let outcomes = try await withThrowingTaskGroup(of: IdempotencyOutcome.self) { group in
            for number in 0..<1000 { group.addTask { try await logs[number % 2].claim(Self.request()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 != .running }.count == 1)
        // The dead one was only slow: what it says counts no more.
        try await theirs.complete(lost, with: Self.reply)
        #expect(try await Self.log(fixture).claim(Self.request()) == .running)
    }

    @Test func whatADeadProcessHadMade_isTold() async throws {
        let fixture = try await StoreFixture()
        let (dead, theirs) = try await Self.another(fixture)
        let session = SessionID(at: StoreFixture.start), webhook = WebhookID(at: StoreFixture.start)
        let one = try await Self.claimed(theirs), two = try await Self.claimed(theirs, Self.request("k2"))
        let bindings = [
            PostgresIdempotencyLog.bindCommand(claim: one, session: session),
            PostgresIdempotencyLog.bindCommand(claim: two, webhook: webhook),
        ]
        _ = try await fixture.pool.transaction(bindings)
        // Once more, as after a lost reply.
        _ = try await fixture.pool.transaction(bindings)
        let log = Self.log(fixture)
        #expect(try await log.claim(Self.request()) == .running)
        _ = try await fixture.registry.bury(dead)
        #expect(try await log.claim(Self.request(fingerprint: 2)) == .mismatch)
        _ = try await Self.takenOver(log, having: .session(session))
        _ = try await Self.takenOver(log, Self.request("k2"), having: .webhook(webhook))
        #expect(try await log.claim(Self.request(fingerprint: 2)) == .mismatch)
    }

    @Test func defaultMethod_isBoundToItsClaim_whereItIsAdded() async throws {
        let fixture = try await StoreFixture()
        let (dead, theirs) = try await Self.another(fixture)
        let spec = RPCMethodSpec(name: "a", handler: .echo)
        let one = try await Self.claimed(theirs), two = try await Self.claimed(theirs, Self.request("k2"))
        try await fixture.sessions.insertDefaultMethod(spec, limit: 5, claim: one)
        await #expect(throws: TurngateError.conflict(.rpcMethodTaken(name: "a"))) {
            try await fixture.sessions.insertDefaultMethod(spec, limit: 5, claim: two)
        }
        await #expect(throws: TurngateError.self) {
            try await fixture.sessions.insertDefaultMethod(
                RPCMethodSpec(name: "b", handler: .echo), limit: 5, claim: IdempotencyClaim(id: UUID()))
        }
        #expect(try await fixture.sessions.defaultMethods().map(\.name) == ["a"])
        _ = try await fixture.registry.bury(dead)
        let log = Self.log(fixture)
        _ = try await Self.takenOver(log, having: .defaultMethod("a"))
        _ = try await Self.claimed(log, Self.request("k2"))
    }

    @Test func bindingAClaimThatWasTakenOver_undoesTheTransaction() async throws {
        let fixture = try await StoreFixture()
        let (dead, theirs) = try await Self.another(fixture)
        let lost = try await Self.claimed(theirs)
        _ = try await fixture.registry.bury(dead)
        _ = try await Self.claimed(Self.log(fixture))
        try await fixture.sql("CREATE TABLE effects (n int)")
        let effect = PostgresCommand(.unnamed("INSERT INTO effects VALUES (1)"))
        let bind = PostgresIdempotencyLog.bindCommand(claim: lost, session: SessionID(at: StoreFixture.start))
        await #expect { try await fixture.pool.transaction([effect, bind]) } throws: {
            ($0 as? PostgresError)?.sqlState == "40001"
        }
        #expect(try await fixture.number("SELECT count(*) FROM effects") == 0)
    }

    @Test func bindingToSomethingElse_isRefused() async throws {
        let fixture = try await StoreFixture()
        let claim = try await Self.claimed(Self.log(fixture))
        func bind(_ session: SessionID) async throws {
            _ = try await fixture.pool.transaction([PostgresIdempotencyLog.bindCommand(claim: claim, session: session)])
        }
        try await bind(SessionID(at: StoreFixture.start))
        await #expect(throws: PostgresError.self) { try await bind(SessionID(at: StoreFixture.start + .seconds(1))) }
    }

    @Test func failure_isKeptOnlyWhereSomethingWasMade() async throws {
        let fixture = try await StoreFixture()
        let log = Self.log(fixture)
        let failure = StoredReply(status: 502, headers: [], body: [])
        try await log.complete(try await Self.claimed(log), with: failure)
        let claim = try await Self.claimed(log)
        let session = SessionID(at: StoreFixture.start)
        _ = try await fixture.pool.transaction([PostgresIdempotencyLog.bindCommand(claim: claim, session: session)])
        try await log.complete(claim, with: failure)
        #expect(try await log.claim(Self.request()) == .replied(failure))
    }

    @Test func releasingWhatHasMadeSomething_tellsRepeatsWhat() async throws {
        let fixture = try await StoreFixture()
        let log = Self.log(fixture)
        let claim = try await Self.claimed(log)
        let session = SessionID(at: StoreFixture.start)
        _ = try await fixture.pool.transaction([PostgresIdempotencyLog.bindCommand(claim: claim, session: session)])
        try await log.release(claim)
        let second = try await Self.takenOver(log, having: .session(session))
        // Once more: the one who answers in its place gives up too.
        try await log.release(second)
        _ = try await Self.takenOver(log, having: .session(session))
    }

    @Test func whatADeadProcessHadMade_isOneAskersToAnswer_andTheOthersGetThatAnswer() async throws {
        let fixture = try await StoreFixture()
        let (dead, theirs) = try await Self.another(fixture)
        let lost = try await Self.claimed(theirs)
        let webhook = WebhookID(at: StoreFixture.start)
        let bind = PostgresIdempotencyLog.bindCommand(claim: lost, webhook: webhook)
        _ = try await fixture.pool.transaction([bind])
        _ = try await fixture.registry.bury(dead)
        let logs = [Self.log(fixture), try await Self.another(fixture).1]
        let outcomes = try await withThrowingTaskGroup(of: IdempotencyOutcome.self) { group in
            for number in 0..<200 { group.addTask { try await logs[number % 2].claim(Self.request()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let takers = outcomes.compactMap { if case .made(.webhook(webhook), let claim) = $0 { claim } else { nil } }
        #expect(takers.count == 1 && outcomes.filter { $0 == .running }.count == 199)
        // The dead one was only slow: what it says counts no more.
        try await theirs.complete(lost, with: StoredReply(status: 200, headers: [], body: []))
        try await Self.log(fixture).complete(try #require(takers.first), with: Self.reply)
        for log in [Self.log(fixture), try await Self.another(fixture).1] {
            #expect(try await log.claim(Self.request()) == .replied(Self.reply))
        }
    }

    @Test func keys_areKeptForADay_andPurgedInBatches() async throws {
        let fixture = try await StoreFixture()
        let log = Self.log(fixture)
        for key in ["old", "young"] {
            try await log.complete(try await Self.claimed(log, Self.request(key)), with: Self.reply)
        }
        try await fixture.sql(
            "UPDATE idempotency_keys SET claimed_at = claimed_at - interval '24 hours 1 second' WHERE key = 'old'")
        try await log.complete(try await Self.claimed(log, Self.request("old", fingerprint: 5)), with: Self.reply)
        #expect(try await log.purge() == 0)
        try await fixture.sql(
            """
            UPDATE idempotency_keys SET claimed_at = claimed_at - interval '25 hours' WHERE key = 'old';
            """)
        try await fixture.sql(
            """
            INSERT INTO idempotency_keys (caller, key, fingerprint, claim_id, claimed_at)
            SELECT 'c', n::text, sha256('x'), gen_random_uuid(), now() - interval '2 days' FROM generate_series(1, 1500) n
            """)
        #expect(try await log.purge() == 1000)
        #expect(try await log.purge() == 501)
        #expect(try await log.purge() == 0)
        #expect(try await log.claim(Self.request("young")) == .replied(Self.reply))
    }
}
