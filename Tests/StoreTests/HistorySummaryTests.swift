import Domain
import Foundation
import Testing

@Suite struct HistorySummaryTests {
    @Test func summary_countsEveryStateUpToNow_thenUpToTheEnd() async throws {
        let fixture = try await StoreFixture()
        var (session, machine) = try await fixture.insertSession()
        let steps = [
            try machine.next(.listening, after: .seconds(1)), try machine.next(.thinking, after: .seconds(2)),
            try machine.next(.listening, after: .seconds(3)), try machine.next(.thinking, after: .seconds(4)),
        ]
        let turns = [session.turn(1).ended(.cancelled, .cancelTurn), session.turn(2)]
        let journal = fixture.journal()
        let ticket = try journal.append(steps.map { .transition($0) } + turns.map { .turn($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)

        let now = machine.current.at + .milliseconds(10_000)
        let summary = try #require(try await fixture.history.summary(session.id, now: now))
        #expect(summary.session == session.id)
        #expect(summary.turns == 2)
        #expect(
            summary.states == [
                StateDwell(
                    state: .initializing, count: 1, totalMs: 1000, meanMs: 1000, p50Ms: 1000, p95Ms: 1000, maxMs: 1000,
                    share: 0.05),
                StateDwell(
                    state: .listening, count: 2, totalMs: 6000, meanMs: 3000, p50Ms: 3000, p95Ms: 3900, maxMs: 4000,
                    share: 0.3),
                StateDwell(
                    state: .thinking, count: 2, totalMs: 13_000, meanMs: 6500, p50Ms: 6500, p95Ms: 9650, maxMs: 10_000,
                    share: 0.65),
            ])

        let end = try journal.append([session.ended(after: .seconds(11))])
        #expect(await end.outcome(within: .seconds(60)) == .durable)
        #expect(await (try journal.append([.turn(session.turn(3))])).outcome(within: .seconds(60)) == .refused)
        let over = try #require(try await fixture.history.summary(session.id, now: now + .seconds(3600)))
        #expect(over.turns == 2)
        #expect(over.states.last?.totalMs == 4000)
        #expect(over.states.map(\.share).reduce(0, +) > 0.999)
        #expect(try await fixture.history.summary(SessionID(uuid: UUID()), now: now) == nil)
    }

    @Test func aSessionThatHasJustBegun_hasNoShares() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let summary = try #require(try await fixture.history.summary(session.id, now: session.createdAt))
        #expect(summary.turns == 0)
        #expect(summary.states.map(\.share) == [0])
    }
}
