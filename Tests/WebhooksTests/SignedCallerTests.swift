import Domain
import Foundation
import OutboundHTTP
import Security
import TestSupport
import Testing

@testable import Webhooks

@Suite struct SignedCallerTests {
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func caller(
        secrets: [String], policy: @escaping @Sendable (OutboundAddress) -> Bool = { _ in true }
    ) throws -> SignedCaller {
        SignedCaller(
            client: try OutboundHTTPClient(configuration: OutboundHTTPConfiguration(addressPolicy: policy)),
            clock: SystemClock(), secrets: try secrets.map { try WebhookSecret(text: $0) })
    }

    private func invocation(
        _ payload: String = #"{"b": 1.50, "a": "é"}"#, _ envelope: RPCEnvelope = .json
    ) -> PendingInvocation {
        let now = Timestamp(microseconds: 1_795_343_467_123_456)
        return PendingInvocation(
            id: InvocationID(at: now), sessionID: SessionID(at: now), room: "room \"7\"/a", method: "get_order_state",
            caller: PendingInvocation.Caller(identity: "alice", kind: .standard, attributes: ["tier": "gold"]),
            payload: payload, envelope: envelope, receivedAt: now, deadline: now + .seconds(8))
    }

    private func failure(
        _ caller: SignedCaller, _ url: String, secret: String? = nil, timeout: Duration = .seconds(60)
    ) async -> HandlerFailure? {
        do throws(HandlerFailure) {
            _ = try await caller.call(WebhookHandler(url: url, secret: secret), with: invocation(), timeout: timeout)
            return nil
        } catch {
            return error
        }
    }

    @Test func call_isPostedSigned_withTheMethodsOwnHeaders() async throws {
        let receiver = try Receiver { connection, _ in
            connection.answer(Array(#"{"state":"sent"}"#.utf8), status: "201 Created")
        }
        defer { receiver.stop() }
        let invocation = invocation()
        let handler = WebhookHandler(
            url: receiver.url,
            headers: ["Authorization": "Bearer x", "Webhook-ID": "forged", "Content-Type": "text/plain"])
        let trace = TraceContext.start()
        let caller = try caller(secrets: [secret])
        let answer = try await TraceContext.$current.withValue(trace) {
            try await caller.call(handler, with: invocation, timeout: .seconds(60))
        }
        #expect(answer == HandlerAnswer(status: 201, body: Array(#"{"state":"sent"}"#.utf8)))
        let message = try #require(receiver.messages.first)
        try message.verify([secret])
        #expect(message.id == "\(invocation.id)")
        #expect(message.request.header("authorization") == "Bearer x")
        #expect(message.request.header("content-type") == "application/json")
        #expect(message.request.header("traceparent")?.hasPrefix("00-\(trace.traceID)-") == true)
        let expected = """
            {"attempt":1,"caller":{"attributes":{"tier":"gold"},"identity":"alice","kind":"standard"},\
            "deadline":"2026-11-22T10:31:15.123456Z","id":"\(invocation.id)","method":"get_order_state",\
            "received_at":"2026-11-22T10:31:07.123456Z","room":"room \\"7\\"/a",\
            "session_id":"\(invocation.sessionID)","type":"rpc.invocation","payload":{"b":1.50,"a":"é"}}
            """
        #expect(message.text == expected)
    }

    @Test(arguments: [
        ("", RPCEnvelope.json, "null"), (" \n", .json, "null"), ("", .raw, "\"\""),
        ("a\"b\n", .raw, #""a\"b\n""#), ("\u{FEFF}{\"a\": 1.50}", .json, #"{"a":1.50}"#),
    ])
    func payload_isJSON_orAString(payload: String, envelope: RPCEnvelope, written: String) throws {
        let text = String(decoding: try InvocationBody.bytes(of: invocation(payload, envelope)), as: UTF8.self)
        #expect(text.hasSuffix(",\"payload\":\(written)}"))
    }

    @Test func handlersOwnSecret_goesBeforeTheServices_ofWhichAllSign() async throws {
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        let (own, second) = (try WebhookSecret.make().text, try WebhookSecret.make().text)
        let caller = try caller(secrets: [secret, second])
        #expect(await failure(caller, receiver.url, secret: own) == nil)
        #expect(await failure(caller, receiver.url) == nil)
        let messages = receiver.messages
        try messages[0].verify([own])
        #expect(throws: StandardWebhooksError.badSignature) { try messages[0].verify([secret]) }
        try messages[1].verify([secret])
        try messages[1].verify([second])
    }

    @Test func callThatCannotBeSigned_isNotMade_andTellsNoSecret() async throws {
        let receiver = try Receiver.answering()
        defer { receiver.stop() }
        for failure in [
            await failure(try caller(secrets: []), receiver.url),
            await failure(try caller(secrets: [secret]), receiver.url, secret: "whsec_hidden!"),
        ] {
            guard case .refused(let text) = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(!text.contains("hidden"))
        }
        #expect(receiver.messages.isEmpty)
    }

    @Test func failures_areToldApart() async throws {
        let caller = try caller(secrets: [secret])
        guard case .unreachable = await failure(caller, "http://127.0.0.1:\(try LocalServer.unusedPort())/") else {
            Issue.record("nobody listens there")
            return
        }
        let door = Door()
        let hanging = try Receiver { _, _ in door.pass() }
        let garbage = try Receiver { connection, _ in connection.write("SMTP, sorry\r\n\r\n") }
        let short = try Receiver { connection, _ in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{")
            connection.waitForEnd()
        }
        let huge = try Receiver { connection, _ in
            connection.answer([UInt8](repeating: 0x20, count: HandlerAnswer.bodyBytes + 1))
        }
        defer {
            door.open()
            for receiver in [hanging, garbage, short, huge] { receiver.stop() }
        }
        #expect(await failure(caller, hanging.url, timeout: .milliseconds(200)) == .timeout)
        #expect(await failure(caller, huge.url) == .tooLarge)
        guard case .broken = await failure(caller, garbage.url) else {
            Issue.record("that is not HTTP")
            return
        }
        #expect(await failure(caller, short.url, timeout: .milliseconds(300)) == .timeout)
        let strict = try self.caller(secrets: [secret]) { _ in false }
        guard case .refused = await failure(strict, huge.url) else {
            Issue.record("the policy allows nothing")
            return
        }
    }

    @Test func errorsOfTheClient_haveTheirMeaning() {
        #expect(HandlerFailure(.queueFull(limit: 3)) == .overloaded)
        #expect(HandlerFailure(.tooLarge(limit: 3)) == .tooLarge)
        #expect(HandlerFailure(.timedOut(cause: nil)) == .timeout)
        #expect(HandlerFailure(.invalidRequest(reason: "x")) == .refused("invalid request: x"))
        #expect(HandlerFailure(.closed) == .unreachable("the client is closed"))
        #expect(HandlerFailure(.cancelled) == .broken("cancelled"))
    }
}
