import Domain
import Foundation
import Postgres
import TestSupport
import Testing

/// The invocation log.
@Suite struct InvocationLogTests {
    private func line(
        _ session: Session, _ number: Int, _ direction: RPCInvocationRecord.Direction = .in, method: String = "a",
        participant: String = "alice", _ outcome: RPCInvocationRecord.Outcome = .answered
    ) -> RPCInvocationRecord {
        let time = StoreFixture.start + .seconds(number)
        return RPCInvocationRecord(
            id: InvocationID(at: time), sessionID: session.id, direction: direction, method: method,
            participant: participant, handlerType: direction == .in ? "webhook" : nil, startedAt: time,
            duration: .microseconds(1234 + number), outcome: outcome,
            error: outcome == .answered ? nil : RPCError(.applicationError, data: "{}"))
    }

    private func write(_ fixture: StoreFixture, _ lines: [RPCInvocationRecord]) async throws {
        let ticket = try fixture.journal().append(lines.map { .invocation($0) })
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
    }

    @Test func lines_areListedNewestFirst_andFiltered() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let (other, _) = try await fixture.insertSession(identity: "other")
        var kept = line(session, 5, method: "b", participant: "bob", .failed)
        (kept.payload, kept.response) = ("{\"a\":1}", "")
        kept.error = RPCError(code: 4_294_967_295, message: "", data: nil)
        let lines = [
            line(session, 1), line(session, 2, .out, method: "b"), line(session, 3, participant: "bob", .timeout),
            line(session, 4, .out, participant: "bob", .disconnected), kept, line(session, 6, .in, .refused),
        ]
        try await write(fixture, lines + [line(other, 7)])
        let newest = Array(lines.reversed())
        let store = fixture.sessions
        func list(_ query: InvocationQuery) async throws -> [RPCInvocationRecord] {
            try await store.invocations(session.id, query).invocations
        }
        #expect(try await list(InvocationQuery()) == newest)
        #expect(try await list(InvocationQuery(method: "b")) == newest.filter { $0.method == "b" })
        #expect(try await list(InvocationQuery(participant: "bob")) == newest.filter { $0.participant == "bob" })
        #expect(try await list(InvocationQuery(direction: .out)) == newest.filter { $0.direction == .out })
        #expect(
            try await list(InvocationQuery(outcomes: [.timeout, .failed]))
                == newest.filter {
                    [.timeout, .failed].contains($0.outcome)
                })
        #expect(
            try await list(InvocationQuery(method: "a", participant: "bob", direction: .in, outcomes: [.timeout]))
                == [lines[2]])
        let page = try await store.invocations(session.id, InvocationQuery(limit: 4))
        #expect(page.invocations == Array(newest[..<4]) && page.next == newest[3].id)
        let rest = try await store.invocations(session.id, InvocationQuery(before: page.next, limit: 4))
        #expect(rest.invocations == Array(newest[4...]) && rest.next == nil)
        #expect(try await store.invocation(session.id, kept.id) == kept)
        #expect(try await store.invocation(other.id, kept.id) == nil)
    }

    @Test func textsThatAreTooLongOrCannotBeKept_areKeptAsFarAsTheyCan() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        var record = line(session, 1, method: String(repeating: "m", count: 300), participant: "a\u{0}b", .failed)
        record.error = RPCError(code: 1500, message: String(repeating: "e", count: 2000), data: "x\u{0}")
        record.payload = String(repeating: "p", count: 70_000)
        record.duration = .microseconds(-1)
        try await write(fixture, [record])
        let stored = try #require(try await fixture.sessions.invocation(session.id, record.id))
        #expect(stored.method.count == 256 && stored.participant == "a\u{FFFD}b" && stored.duration == .zero)
        #expect(stored.error?.message.count == 1024 && stored.payload?.count == 65_536)
    }

    @Test func aCallThatEndsAfterItsSession_isLogged() async throws {
        let fixture = try await StoreFixture()
        let (session, _) = try await fixture.insertSession()
        let journal = fixture.journal()
        let end = try journal.append([session.ended(after: .seconds(60))])
        #expect(await end.outcome(within: .seconds(60)) == .durable)
        try await write(fixture, [line(session, 1)])
        #expect(try await fixture.sessions.invocations(session.id, InvocationQuery()).invocations.count == 1)
        #expect(try await fixture.events().last?.type == "rpc.invoked")
    }
}
