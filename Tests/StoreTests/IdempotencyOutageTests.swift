import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import Store

@Suite struct IdempotencyOutageTests {
    private static let request = IdempotencyRequest(
        caller: "shop", key: "k", fingerprint: [UInt8](repeating: 1, count: 32))
    private static let reply = StoredReply(status: 201, headers: [], body: Array("done".utf8))

    @Test func whilePostgresIsAway_theAnswerIsToldFromMemory_andWrittenLater() async throws {
        let server = try await TemporaryPostgres.privateServer()
        let fixture = try await StoreFixture(
            database: try await server.database(), unavailableAfter: .milliseconds(200))
        func makeLog() -> PostgresIdempotencyLog {
            PostgresIdempotencyLog(
                pool: fixture.pool, runtime: fixture.runtime.id, clock: SystemClock(), logger: Logger(label: "test"))
        }
        let log = makeLog()
        let other = IdempotencyRequest(caller: "shop", key: "given back", fingerprint: Self.request.fingerprint)
        guard case .claimed(let claim) = try await log.claim(Self.request),
            case .claimed(let back) = try await log.claim(other)
        else { throw CancellationError() }
        try await server.stop(.fast)
        try await log.complete(claim, with: Self.reply)
        try await log.release(back)
        #expect(log.unwritten == 2)
        #expect(try await log.claim(Self.request) == .replied(Self.reply))
        #expect(try await log.claim(other) == .running)
        var changed = Self.request
        changed.fingerprint = [UInt8](repeating: 2, count: 32)
        #expect(try await log.claim(changed) == .mismatch)
        changed.key = "new"
        await #expect(throws: TurngateError.storeUnavailable(detail: "PostgreSQL does not answer")) {
            _ = try await log.claim(changed)
        }
        #expect(await log.close(deadline: .milliseconds(50)) >= 2)
        try await server.start()
        #expect(await log.close(deadline: .seconds(60)) == 0)
        #expect(try await makeLog().claim(Self.request) == .replied(Self.reply))
        let isFree = await eventually(within: .seconds(60)) {
            if case .claimed = try? await log.claim(other) { true } else { false }
        }
        #expect(isFree)
    }

    @Test func whatWaits_isBounded_andWhatFindsNoRoomIsNeverCarriedOutAgain() throws {
        var table = ClaimTable(byteLimit: 1000)
        let claim = IdempotencyClaim(id: UUID()), second = IdempotencyClaim(id: UUID())
        func settlement(_ claim: IdempotencyClaim, _ bytes: Int) -> UnwrittenSettlement {
            let reply = StoredReply(status: 200, headers: [], body: [UInt8](repeating: 0, count: bytes))
            return UnwrittenSettlement(
                claim: claim, kind: .reply(reply, headers: .json([UInt8]("[]".utf8))), deadline: .seconds(1))
        }
        table.begin(claim, Self.request)
        #expect(table.outcome(of: Self.request) == .running)
        let kept = [table.keep(settlement(claim, 700)), table.keep(settlement(second, 100))]
        #expect(kept == [true, false])
        let writers = [table.takeWriting(), table.takeWriting()]
        #expect(writers == [true, false])
        let first = table.due(at: .zero)
        table.settle(settlement(claim, 700))
        let rest = table.due(at: .zero)
        #expect(first?.claim == claim && rest == nil)
        #expect(table.outcome(of: Self.request) == nil && table.unwrittenCount == 0)
        let isKept = table.keep(settlement(second, 700)), isWriter = table.takeWriting()
        #expect(isKept && isWriter)
    }

    private func doubt(_ deadline: Duration = .seconds(86_400)) -> UnwrittenSettlement {
        UnwrittenSettlement(claim: IdempotencyClaim(id: UUID()), kind: .releaseIfThere, deadline: deadline)
    }

    @Test func doubts_haveTheirOwnTimes_andComeAfterEveryEnd() throws {
        var table = ClaimTable(byteLimit: 10_000)
        let doubts = [doubt(), doubt(), doubt()]
        let end = UnwrittenSettlement(claim: IdempotencyClaim(id: UUID()), kind: .release, deadline: .seconds(1))
        let kept = (doubts + [end]).map { table.keep($0) } + [table.takeWriting()]
        #expect(kept == [true, true, true, true, true])
        #expect(table.unwrittenCount == 1 && table.doubtCount == 3)
        var order: [IdempotencyClaim?] = [table.due(at: .zero)?.claim]
        table.settle(end)
        for doubt in doubts {
            order.append(table.due(at: .seconds(1))?.claim)
            table.putOff(doubt, at: .seconds(1))
        }
        #expect(order == ([end] + doubts).map(\.claim))
        guard case .rest(.milliseconds(100)) = table.next(at: .seconds(1)), table.hasWriter else {
            Issue.record("no rest")
            return
        }
        order = [table.due(at: .milliseconds(1100))?.claim]
        _ = table.keep(end)
        order.append(table.due(at: .milliseconds(1100))?.claim)
        #expect(order == [doubts[0].claim, end.claim])
        for settlement in doubts + [end] { table.settle(settlement) }
        let last = table.due(at: .seconds(2))
        #expect(last == nil && !table.hasWriter && table.doubtCount == 0)
    }

    @Test func aDoubt_isLookedForAMinuteLong_fromTheFirstLookOn() {
        var doubt = doubt()
        var looks: [Duration] = []
        var now = Duration.seconds(7000)
        while now < doubt.deadline {
            doubt.putOff(at: now)
            looks.append(doubt.due - now)
            now = doubt.due
        }
        #expect(now == .seconds(7060))
        #expect(looks.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(looks.max() == .seconds(5))
    }

    @Test func claimsThatNeverCame_keepNoAnswerWaiting_andNoEnd() async throws {
        let fixture = try await StoreFixture()
        let log = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: fixture.runtime.id, clock: SystemClock(), logger: Logger(label: "test"))
        guard case .claimed(let claim) = try await log.claim(Self.request) else { throw CancellationError() }
        for _ in 0..<40 { log.keep(IdempotencyClaim(id: UUID()), .releaseIfThere, for: .seconds(600)) }
        let there = IdempotencyRequest(caller: "shop", key: "there", fingerprint: Self.request.fingerprint)
        let other = PostgresIdempotencyLog(
            pool: fixture.pool, runtime: fixture.runtime.id, clock: SystemClock(), logger: Logger(label: "test"))
        guard case .claimed(let lost) = try await other.claim(there) else { throw CancellationError() }
        log.keep(lost, .releaseIfThere, for: .seconds(600))
        log.keep(claim, .reply(Self.reply, headers: .json([UInt8]("[]".utf8))), for: .seconds(600))
        // With a pause for each of those that are not there it would take minutes.
        #expect(await log.close(deadline: .seconds(30)) == 0)
        #expect(try await other.claim(Self.request) == .replied(Self.reply))
        let isFree = await eventually(within: .seconds(30)) {
            if case .claimed = try? await log.claim(there) { true } else { false }
        }
        #expect(isFree)
        #expect(log.table.withLock { $0.doubtCount } == 40)
    }
}

extension ClaimTable {
    /// What is to be written at `now`.
    fileprivate mutating func due(at now: Duration) -> UnwrittenSettlement? {
        if case .write(let settlement) = next(at: now) { settlement } else { nil }
    }
}
