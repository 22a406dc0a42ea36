import Domain
import Foundation
import Security
import Store
import TestSupport
import Testing

@testable import Webhooks

/// Deliveries from a real outbox to a real receiver.
@Suite struct DeliveryTests {
    @Test func events_comeInOrder_signed_withTheirTrace() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        let made = try await fixture.make(receiver.url)
        let session = try await fixture.events.session()
        let deliverer = fixture.deliverer()
        deliverer.start()
        let trace = TraceContext.start()
        var ids: [EventID] = []
        for _ in 0..<10 {
            ids += try await fixture.events.add([.turnStarted, .turnEnded], to: session, trace: trace)
            deliverer.wake()
        }
        #expect(try await fixture.reaches(20, .delivered, made.webhook.id))
        #expect(receiver.ids == ids.map { "\($0)" })
        for message in receiver.messages {
            try message.verify([made.secret])
            #expect(message.text.hasPrefix(#"{"id":"\#(message.id)","type":"turn."#))
            #expect(message.request.head[0] == "POST /hook?token=hidden HTTP/1.1")
            #expect(message.request.header("content-type") == "application/json")
            #expect(message.request.header("traceparent")?.hasPrefix("00-\(trace.traceID)-") == true)
            #expect(message.request.header("traceparent") != trace.traceparent)
        }
        await deliverer.stop(deadline: .seconds(60))
        let text = fixture.registry.text(.prometheus)
        #expect(text.contains(#"turngate_webhook_deliveries_total{outcome="delivered"} 20"#))
        #expect(text.contains("turngate_webhook_delivery_duration_seconds_count 20"))
    }

    /// The pace is for news: here it is longer than anybody waits.
    @Test func placeThatComesFree_isTakenAtOnce() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        let made = try await fixture.make(receiver.url)
        for _ in 0..<12 {
            try await fixture.events.add([.turnStarted], to: try await fixture.events.session())
        }
        let deliverer = fixture.deliverer {
            $0.maxInFlightPerWebhook = 1
            $0.pace = .seconds(600)
            $0.poll = .seconds(600)
        }
        deliverer.start()
        #expect(try await fixture.reaches(12, .delivered, made.webhook.id))
        await deliverer.stop(deadline: .seconds(60))
    }

    @Test func signature_isBySecretsOld_andNew_whileTheyRotate() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        let made = try await fixture.make(receiver.url)
        let rotated = try await fixture.webhooks.rotateSecret(made.webhook.id, overlap: .seconds(600))
        try await fixture.events.add([.turnStarted], to: try await fixture.events.session())
        let deliverer = fixture.deliverer()
        deliverer.start()
        #expect(try await fixture.reaches(1, .delivered, made.webhook.id))
        let message = try #require(receiver.messages.first)
        try message.verify([made.secret])
        try message.verify([rotated.secret])
        #expect(throws: StandardWebhooksError.badSignature) { try message.verify([WebhookSecret.make().text]) }
        await deliverer.stop(deadline: .seconds(60))
    }

    @Test func receiverThatHangs_delaysNoOther() async throws {
        let fixture = try await DeliveryFixture()
        let door = Door()
        let hanging = try Receiver { connection, _ in
            door.pass()
            connection.answer([])
        }
        let healthy = try Receiver.answering()
        defer {
            door.open()
            hanging.stop()
            healthy.stop()
        }
        var hangingIDs: [WebhookID] = []
        for _ in 0..<4 { hangingIDs.append(try await fixture.make(hanging.url).webhook.id) }
        let good = try await fixture.make(healthy.url).webhook.id
        let deliverer = fixture.deliverer {
            $0.maxInFlight = 20
            $0.requestTimeout = .seconds(120)
            $0.lease = .seconds(300)
        }
        deliverer.start()
        for _ in 0..<8 {
            try await fixture.events.add([.turnStarted, .turnEnded], to: try await fixture.events.session())
        }
        #expect(try await fixture.reaches(16, .delivered, good))
        // Each of them has its four, and no more.
        #expect(await eventually { hanging.messages.count == 16 })
        for webhook in hangingIDs { #expect(try await fixture.log(webhook, [.pending]).count == 16) }
        door.open()
        for webhook in hangingIDs { #expect(try await fixture.reaches(16, .delivered, webhook)) }
        await deliverer.stop(deadline: .seconds(60))
    }

    @Test func receiverThatFailsThreeTimes_getsEachEventOnceMore_inOrder() async throws {
        let clock = ManualClock(epoch: SystemClock().now + .seconds(86_400))
        let fixture = try await DeliveryFixture(clock: clock)
        let receiver = try Receiver.answering { $0 < 3 ? "500 Internal Server Error" : "200 OK" }
        defer { receiver.stop() }
        let webhook = try await fixture.make(receiver.url).webhook.id
        let ids = try await fixture.events.add(
            [.turnStarted, .turnEnded, .sessionEnded], to: try await fixture.events.session()
        ).map { "\($0)" }
        let deliverer = fixture.deliverer()
        deliverer.start()
        let isDone = try await eventually {
            clock.advance(by: .seconds(1))
            return try await fixture.log(webhook, [.delivered]).count == 3
        }
        #expect(isDone)
        #expect(receiver.ids == [ids[0], ids[0], ids[0]] + ids)
        #expect(try await fixture.log(webhook).map(\.attempts) == [1, 1, 4])
        await deliverer.stop(deadline: .seconds(3600))
    }

    @Test func retries_comeAtTheirTimes_forThreeDays_andThenTheLaneGoesOn() async throws {
        let clock = ManualClock(epoch: SystemClock().now + .seconds(86_400))
        let fixture = try await DeliveryFixture(clock: clock)
        let receiver = try Receiver.answering { _ in "503 Service Unavailable" }
        defer { receiver.stop() }
        let webhook = try await fixture.make(receiver.url).webhook.id
        let ids = try await fixture.events.add([.turnStarted, .turnEnded], to: try await fixture.events.session())
        let deliverer = fixture.deliverer()
        deliverer.start()
        let pauses = [5, 30, 120, 600, 1800, 3600, 7200, 14_400] + Array(repeating: 28_800, count: 10)
        var (due, last) = (clock.now, clock.now)
        for attempt in 1...18 {
            let isTried = try await eventually {
                clock.advance(by: .milliseconds(1))
                return try await fixture.log(webhook).last?.attempts == attempt
            }
            try #require(isTried)
            let line = try #require(await fixture.log(webhook).last)
            let at = try #require(line.lastAttemptAt)
            #expect(at >= due)
            if attempt == 1 { last = max(line.createdAt, at) + .seconds(3 * 86_400) }
            guard line.status == .pending else { break }
            due = try #require(line.nextAttemptAt)
            // The clock went on while the answer came.
            let pause = Duration.seconds(pauses[attempt - 1])
            #expect((at + pause...clock.now + pause).contains(due) || (due == last && at + pause > last))
            clock.advance(by: due - clock.now + .milliseconds(-1))
            #expect(receiver.messages.count == attempt)
        }
        let line = try #require(await fixture.log(webhook, [.failed]).last)
        #expect(line.event == ids[0] && line.lastStatus == 503 && line.attempts == 18)
        #expect(clock.now >= last)
        // The next in line had to wait all that time: one attempt.
        #expect(try await eventually { try await fixture.log(webhook, [.failed]).count == 2 })
        #expect(try await fixture.log(webhook).map(\.attempts) == [1, 18])
        await deliverer.stop(deadline: .seconds(3600))
    }
}
