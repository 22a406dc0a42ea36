import Domain
import Foundation
import OutboundHTTP
import Security
import Store
import TestSupport
import Testing

@testable import Webhooks

/// Ends: of dispatchers, of receivers, of answers.
@Suite struct DeliveryEndingTests {
    @Test func dispatcherKilledBetweenSendingAndSettling_isRepeatedByAnother_inOrder() async throws {
        let fixture = try await DeliveryFixture()
        let door = Door()
        let receiver = try Receiver { connection, message in
            if message.number == 0 { door.pass() }
            connection.answer([])
        }
        defer {
            door.open()
            receiver.stop()
        }
        let webhook = try await fixture.make(receiver.url).webhook.id
        let ids = try await fixture.events.add(
            [.turnStarted, .turnEnded], to: try await fixture.events.session()
        ).map { "\($0)" }
        let doomed = fixture.deliverer { $0.lease = .milliseconds(500) }
        let running = Task { await doomed.run() }
        #expect(await eventually { receiver.messages.count == 1 })
        running.cancel()
        await running.value
        door.open()
        let deliverer = fixture.deliverer()
        deliverer.start()
        #expect(try await fixture.reaches(2, .delivered, webhook))
        #expect(receiver.ids == [ids[0]] + ids)
        await deliverer.stop(deadline: .seconds(60))
    }

    @Test func timeSpentInTheClientsQueue_isNotTheReceiversFailure() async throws {
        let door = Door()
        let receiver = try Receiver { connection, message in
            if message.number == 0 { door.pass() }
            connection.answer([])
        }
        defer {
            door.open()
            receiver.stop()
        }
        let client = try OutboundHTTPClient(
            configuration: OutboundHTTPConfiguration(maxInFlight: 1, maxInFlightPerHost: 1))
        let target = WebhookTarget(
            id: WebhookID(at: SystemClock().now), url: receiver.url, secrets: [try WebhookSecret.make().text],
            revision: 1)
        let patient = WebhookSender(client: client, clock: SystemClock(), timeout: .seconds(60))
        let hasty = WebhookSender(client: client, clock: SystemClock(), timeout: .milliseconds(100))
        async let first = patient.send([], id: "first", trace: nil, to: target)
        #expect(await eventually { receiver.messages.count == 1 })
        let verdict = await hasty.send([], id: "second", trace: nil, to: target).verdict
        #expect(verdict == .notSent("\(OutboundError.timedOut(cause: nil))"))
        door.open()
        #expect(await first.verdict == .accepted(status: 200))
        #expect(receiver.ids == ["first"])
    }

    @Test func twoDispatchers_shareTheLanes() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        let webhook = try await fixture.make(receiver.url).webhook.id
        let deliverers = [fixture.deliverer(), fixture.deliverer()]
        for deliverer in deliverers { deliverer.start() }
        var written: [String: [String]] = [:]
        var sessions: [SessionID] = []
        for _ in 0..<6 { sessions.append(try await fixture.events.session()) }
        for round in 0..<30 {
            let session = sessions[round % 6]
            let ids = try await fixture.events.add([.turnStarted, .turnEnded], to: session)
            written["\(session)", default: []] += ids.map { "\($0)" }
        }
        #expect(try await fixture.reaches(60, .delivered, webhook))
        for (session, ids) in written {
            #expect(receiver.messages.filter { $0.text.contains(session) }.map(\.id) == ids)
        }
        for deliverer in deliverers { await deliverer.stop(deadline: .seconds(60)) }
    }

    @Test func receiverThatIsGone_isDisabled_andTheRestDiscarded() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering { $0 == 0 ? "204 No Content" : "410 Gone" }
        defer { receiver.stop() }
        let webhook = try await fixture.make(receiver.url).webhook.id
        let recorder = TextRecorder()
        let deliverer = fixture.deliverer(logger: recorder.logger)
        try await fixture.events.add(
            [.turnStarted, .turnEnded, .sessionEnded], to: try await fixture.events.session())
        deliverer.start()
        #expect(try await fixture.reaches(2, .discarded, webhook))
        #expect(try await fixture.webhooks.webhook(webhook).disabled?.reason == .gone)
        #expect(receiver.messages.count == 2)
        #expect(
            try await eventually {
                let line = try await fixture.log(webhook, [.discarded]).last
                return line?.lastStatus == 410 && line?.attempts == 1
            })
        await deliverer.stop(deadline: .seconds(60))
        #expect(recorder.text.contains("disabled") && !recorder.text.contains("hidden"))
        #expect(!recorder.text.contains("whsec_"))
    }

    @Test func answerThatIsTooLong_orNeverEnds_isNone() async throws {
        let fixture = try await DeliveryFixture()
        let huge = try Receiver { connection, _ in
            connection.answer([UInt8](repeating: 0x20, count: WebhookSender.maxResponseBytes + 1))
        }
        let slow = try Receiver { connection, _ in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            while connection.write(" ") { usleep(20_000) }
        }
        defer {
            huge.stop()
            slow.stop()
        }
        let hugeID = try await fixture.make(huge.url).webhook.id
        let slowID = try await fixture.make(slow.url).webhook.id
        try await fixture.events.add([.turnStarted], to: try await fixture.events.session())
        let deliverer = fixture.deliverer { $0.requestTimeout = .milliseconds(300) }
        deliverer.start()
        for (webhook, word) in [(hugeID, "longer"), (slowID, "timed out")] {
            #expect(try await eventually { try await fixture.log(webhook).first?.attempts == 1 })
            let line = try #require(await fixture.log(webhook).first)
            #expect(line.status == .pending && line.lastStatus == nil && line.lastError?.contains(word) == true)
        }
        await deliverer.stop(deadline: .seconds(60))
    }

    @Test func stop_waitsForWhatIsUnderWay_andBeginsNothingMore() async throws {
        let fixture = try await DeliveryFixture()
        let door = Door()
        let receiver = try Receiver { connection, _ in
            door.pass()
            connection.answer([])
        }
        defer { receiver.stop() }
        let webhook = try await fixture.make(receiver.url).webhook.id
        try await fixture.events.add([.turnStarted, .turnEnded], to: try await fixture.events.session())
        let deliverer = fixture.deliverer()
        deliverer.start()
        #expect(await eventually { receiver.messages.count == 1 })
        let stopping = Task { await deliverer.stop(deadline: .seconds(60)) }
        door.open()
        await stopping.value
        #expect(receiver.messages.count <= 2)
        #expect(try await fixture.log(webhook, [.delivered]).count == receiver.messages.count)
        // Another process has it at once.
        let lanes = try await fixture.outbox.claim(
            LaneWish(now: fixture.clock.now, lease: .seconds(1), limit: 10, roomOfOthers: 4))
        #expect(lanes.count == 2 - receiver.messages.count)
    }

    @Test func stop_breaksOffWhatHangs_atItsDeadline() async throws {
        let fixture = try await DeliveryFixture()
        let door = Door()
        let receiver = try Receiver { _, _ in door.pass() }
        defer {
            door.open()
            receiver.stop()
        }
        let webhook = try await fixture.make(receiver.url).webhook.id
        try await fixture.events.add([.turnStarted], to: try await fixture.events.session())
        let deliverer = fixture.deliverer { $0.requestTimeout = .seconds(600) }
        deliverer.start()
        #expect(await eventually { receiver.messages.count == 1 })
        await deliverer.stop(deadline: .milliseconds(50))
        #expect(try await fixture.log(webhook, [.pending]).count == 1)
    }

    @Test func test_isSentSigned_andKeptInTheLog_whateverComesBack() async throws {
        let fixture = try await DeliveryFixture()
        let receiver = try Receiver.answering { $0 == 0 ? "202 Accepted" : "410 Gone" }
        defer { receiver.stop() }
        let made = try await fixture.make(receiver.url)
        let delivered = try await fixture.webhooks.test(made.webhook.id)
        #expect(delivered.status == .delivered && delivered.lastStatus == 202 && delivered.event == nil)
        let message = try #require(receiver.messages.first)
        try message.verify([made.secret])
        #expect(message.id == "\(delivered.id)")
        let body = try JSONDecoder().decode(TestBody.self, from: Data(message.request.body))
        #expect(body.type == "webhook.test" && body.id == message.id && body.data.webhook_id == "\(made.webhook.id)")
        let refused = try await fixture.webhooks.test(made.webhook.id)
        #expect(refused.status == .failed && refused.lastStatus == 410)
        #expect(try await fixture.webhooks.webhook(made.webhook.id).disabled == nil)
        #expect(try await fixture.log(made.webhook.id) == [refused, delivered])
        await #expect(throws: TurngateError.notFound(.webhook)) {
            _ = try await fixture.webhooks.test(WebhookID(at: SystemClock().now))
        }
    }

    private struct TestBody: Decodable {
        struct Fields: Decodable { var webhook_id: String }
        var id: String
        var type: String
        var data: Fields
    }
}
