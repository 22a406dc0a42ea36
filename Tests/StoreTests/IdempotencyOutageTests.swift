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
        let first = table.next()
        #expect(first?.claim == claim)
        table.settleFirst()
        let rest = table.next()
        #expect(rest?.claim == nil && table.outcome(of: Self.request) == nil && table.unwrittenCount == 0)
        let isKept = table.keep(settlement(second, 700)), isWriter = table.takeWriting()
        #expect(isKept && isWriter)
    }
}
