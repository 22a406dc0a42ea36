import Domain
import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// How processes share the outbox.
@Suite struct WebhookLaneTests {
    @Test func lanes_areLeasedOnce_andEachInOrder() async throws {
        let fixture = try await OutboxFixture()
        let (first, second) = (try await fixture.events.session(), try await fixture.events.session())
        let webhook = try await fixture.make()
        let ids = try await fixture.events.add([.turnStarted, .turnEnded, .sessionEnded], to: first)
        try await fixture.events.add([.turnStarted], to: second)
        let lanes = try await fixture.claim()
        #expect(lanes.map(\.webhook) == [webhook, webhook])
        #expect(Set(lanes.map(\.session)) == [first, second])
        #expect(try await fixture.claim().isEmpty)
        let lane = try #require(lanes.first { $0.session == first })
        let waiting = try await fixture.waiting(in: lane)
        #expect(waiting.map(\.event) == ids)
        #expect(try await fixture.waiting(in: lane, limit: 2).map(\.event) == Array(ids.prefix(2)))
        #expect(try await fixture.waiting(in: lane, bytes: 1).map(\.event) == [ids[0]])
        try await fixture.settle(lane, waiting[0])
        #expect(try await fixture.waiting(in: lane).map(\.event) == Array(ids.dropFirst()))
        let line = try #require(await fixture.log(webhook, [.delivered]).first)
        #expect(line.attempts == 1 && line.lastStatus == 204 && line.lastError == nil && line.nextAttemptAt == nil)
        #expect(line.lastDuration == .milliseconds(12) && line.lastAttemptAt == fixture.clock.now)
    }

    @Test func body_isTheEnvelope_withTheEventsTrace() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        _ = try await fixture.make()
        let trace = TraceContext.start()
        let ids = try await fixture.events.add([.turnStarted], to: session, data: #"{"a": 1}"#, trace: trace)
        let lane = try #require(await fixture.claim().first)
        let delivery = try #require(await fixture.waiting(in: lane).first)
        let text = String(decoding: delivery.body, as: UTF8.self)
        let head = #"{"id":"\#(ids[0])","type":"turn.started","session_id":"\#(session)","room":"room","seq":1,"#
        #expect(text.hasPrefix(head))
        #expect(text.hasSuffix(#""trace_id":"\#(trace.traceID)","data":{"a": 1}}"#))
        #expect(delivery.trace == trace && delivery.eventType == .turnStarted)
    }

    @Test func leaseThatRanOut_passesTheLaneOn_andTheOldHolderWritesNothing() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        _ = try await fixture.make()
        let ids = try await fixture.events.add([.turnStarted, .turnEnded], to: session)
        let dead = try #require(await fixture.claim(lease: .milliseconds(1)).first)
        let head = try await fixture.waiting(in: dead)[0]
        #expect(await eventually { (try? await !fixture.claim().isEmpty) ?? false })
        #expect(try await fixture.settle(dead, head) == .lost)
        #expect(try await fixture.outbox.batch(of: dead, limit: 10, bytes: 1000) == nil)
        try await fixture.outbox.release(dead, due: nil, through: .max)
        _ = try await fixture.pool.query(
            .unnamed("UPDATE webhook_lanes SET lease = NULL, lease_expires_at = NULL"), [])
        let lane = try #require(await fixture.claim().first)
        #expect(try await fixture.waiting(in: lane).map(\.event) == ids)
    }

    @Test func deliveryThatFailed_holdsUpItsLaneUntilItIsDue_andNoOther() async throws {
        let fixture = try await OutboxFixture()
        let (bad, good) = (try await fixture.events.session(), try await fixture.events.session())
        let webhook = try await fixture.make()
        let ids = try await fixture.events.add([.turnStarted, .turnEnded], to: bad)
        let lane = try #require(await fixture.claim().first)
        let due = fixture.clock.now + .seconds(5)
        try await fixture.settle(lane, fixture.waiting(in: lane)[0], .again(due))
        try await fixture.events.add([.sessionEnded], to: bad)
        try await fixture.events.add([.turnStarted], to: good)
        #expect(try await fixture.claim().map(\.session) == [good])
        #expect(try await fixture.log(webhook).first { $0.event == ids[0] }?.lastError == "the receiver answered 500")
        fixture.clock.advance(by: .seconds(5))
        let again = try #require(await fixture.claim().first)
        let batch = try #require(await fixture.outbox.batch(of: again, limit: 10, bytes: 1 << 20))
        #expect(batch.deliveries.map(\.attempts) == [1, 0, 0] && batch.deliveries[0].event == ids[0])
        #expect(batch.failingSince == due + .seconds(-5))
        // Given up: the lane goes on.
        #expect(try await fixture.settle(again, batch.deliveries[0], .failed) == .held(revision: batch.target.revision))
        #expect(try await fixture.waiting(in: again)[0].event == ids[1])
        #expect(try await fixture.log(webhook, [.failed]).map(\.event) == [ids[0]])
    }

    @Test func claim_keepsToTheRoomOfEachWebhook_andToTheLimit() async throws {
        let fixture = try await OutboxFixture()
        let busy = try await fixture.make()
        let full = try await fixture.make()
        let free = try await fixture.make()
        for _ in 0..<6 { try await fixture.events.add([.turnStarted], to: try await fixture.events.session()) }
        let some = try await fixture.claim(limit: 5, room: [busy: 2, full: 0], each: 4)
        #expect(some.filter { $0.webhook == busy }.count == 2 && some.filter { $0.webhook == free }.count == 3)
        // Those behind are first when it is their turn.
        #expect(try await fixture.claim(limit: 1, after: busy).map(\.webhook) == [full])
        #expect(try await fixture.claim(after: full).map(\.webhook) == [free, free, free])
    }

    @Test func twoDispatchers_besideAWriter_deliverEachEventOnceAndInOrder() async throws {
        let fixture = try await OutboxFixture()
        let sessions = try await [fixture.events.session(), fixture.events.session(), fixture.events.session()]
        let webhook = try await fixture.make()
        let (written, delivered) = try await withThrowingTaskGroup(of: [WebhookLane: [EventID]].self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var all: [WebhookLane: [EventID]] = [:]
                    while try await fixture.number("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'")
                        < 180
                    {
                        for (lane, ids) in try await fixture.drain() { all[lane, default: []] += ids }
                    }
                    return all
                }
            }
            var written: [SessionID: [EventID]] = [:]
            for round in 0..<60 {
                let session = sessions[round % 3]
                written[session, default: []] += try await fixture.events.add(
                    [.turnStarted, .turnEnded, .rpcInvoked], to: session)
            }
            var delivered: [SessionID: Set<EventID>] = [:]
            for try await part in group {
                for (lane, ids) in part {
                    let all = written[lane.session]
                    #expect(ids == ids.sorted { index(of: $0, all) < index(of: $1, all) })
                    #expect(delivered[lane.session, default: []].isDisjoint(with: ids))
                    delivered[lane.session, default: []].formUnion(ids)
                }
            }
            return (written, delivered)
        }
        for session in sessions { #expect(Set(written[session] ?? []) == delivered[session]) }
        #expect(try await fixture.log(webhook, [.pending]).isEmpty)
        #expect(try await fixture.outbox.backlog() == 0)
    }

    @Test func laneThatHasWaitedLongest_isTakenFirst_howeverManyAreFreshOrJustDelivered() async throws {
        let fixture = try await OutboxFixture()
        _ = try await fixture.make()
        let (busy, failed) = (try await fixture.events.session(), try await fixture.events.session())
        try await fixture.events.add([.turnStarted, .turnEnded, .sessionEnded], to: busy)
        let first = try #require(await fixture.claim().first)
        try await fixture.events.add([.turnStarted], to: failed)
        let second = try #require(await fixture.claim().first)
        let retry = SystemClock().now
        try await fixture.settle(second, fixture.waiting(in: second)[0], .again(retry))
        try await fixture.settle(first, fixture.waiting(in: first)[0])
        try await fixture.outbox.release(first, due: nil, through: nil)
        let fresh = try await fixture.events.session()
        try await fixture.events.add([.turnStarted], to: fresh)
        var order: [SessionID] = []
        for _ in 0..<3 { order += try await fixture.claim(each: 1).map(\.session) }
        #expect(order == [failed, busy, fresh])
    }

    @Test func laneThatHadBeenEmpty_standsBehindThoseThatWait_onceItIsNot() async throws {
        let fixture = try await OutboxFixture()
        _ = try await fixture.make()
        let (old, other) = (try await fixture.events.session(), try await fixture.events.session())
        try await fixture.events.add([.turnStarted], to: old)
        _ = try await fixture.drain()
        try await fixture.events.add([.turnStarted], to: other)
        try await fixture.events.add([.turnEnded], to: old)
        try await fixture.events.add([.turnEnded], to: other)
        var order: [SessionID] = []
        for _ in 0..<2 { order += try await fixture.claim(each: 1).map(\.session) }
        #expect(order == [other, old])
    }

    private func index(of id: EventID, _ ids: [EventID]?) -> Int { ids?.firstIndex(of: id) ?? -1 }

    @Test func emptyLane_whoseEventsAreAllSeen_isNotLeasedAgain() async throws {
        let fixture = try await OutboxFixture()
        let session = try await fixture.events.session()
        _ = try await fixture.make()
        try await fixture.events.add([.turnStarted], to: session)
        _ = try await fixture.pool.query(.unnamed("DELETE FROM webhook_deliveries"), [])
        let lane = try #require(await fixture.claim().first)
        let batch = try #require(await fixture.outbox.batch(of: lane, limit: 10, bytes: 1000))
        #expect(batch.deliveries.isEmpty)
        try await fixture.outbox.release(lane, due: nil, through: batch.lastPosition)
        #expect(try await fixture.claim().isEmpty)
        try await fixture.events.add([.turnStarted], to: session)
        #expect(try await fixture.claim().count == 1)
    }
}
