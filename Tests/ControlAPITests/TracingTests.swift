import Domain
import HTTPServer
import Logging
import Security
import Synchronization
import Testing

@testable import ControlAPI

struct TracingTests {
    /// Answers with what the task is bound to.
    private struct Seen: ParticipantTokenIssuer {
        let seen = Box()
        func issue(_ request: ParticipantTokenRequest, now: Timestamp) throws(TurngateError) -> ParticipantToken {
            seen.values.withLock { $0.append((TraceContext.current?.traceID, RequestID.current)) }
            return ParticipantToken(token: "t", url: "u", room: request.room, expiresAt: now)
        }
    }

    private final class Box: Sendable {
        let values = Mutex<[(String?, String?)]>([])
    }

    @Test(arguments: [true, false])
    func theTask_isBoundToTheCallersTrace_andItsRequestID(isKeyed: Bool) async throws {
        let seen = Seen()
        let harness = try APIHarness {
            $0.tokens = seen
            $0.idempotency = Idempotency(log: FakeIdempotencyLog(), sha256: { SHA256.hash($0) })
        }
        let path = try await harness.session()
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        var headers: HTTPHeaders = ["traceparent": parent, "X-Request-Id": "r-1"]
        if isKeyed { headers.add("Idempotency-Key", "k") }
        let answer = try await harness.send(.post, "\(path)/participant-tokens", #"{"identity":"a"}"#, headers: headers)
        #expect(answer.status == 201)
        #expect(try answer.header("traceparent") == parent)
        let values = seen.seen.values.withLock { $0 }
        #expect(values.count == 1 && values[0].0 == "0af7651916cd43dd8448eb211c80319c" && values[0].1 == "r-1")
        #expect(TraceContext.current == nil && RequestID.current == nil)
        #expect(harness.log.text.contains("trace_id=0af7651916cd43dd8448eb211c80319c"))
    }

    @Test func withoutAParent_aTraceBeginsHere() async throws {
        let harness = try APIHarness()
        let one = try await harness.send(.get, "/v1/sessions"), two = try await harness.send(.get, "/v1/sessions")
        let first = try #require(TraceContext(try one.header("traceparent")))
        let second = try #require(TraceContext(try two.header("traceparent")))
        #expect(first.traceID != second.traceID)
        #expect(harness.log.text.contains("trace_id=\(first.traceID)"))
    }

    @Test func streams_areWrittenUnderTheRequestsTrace() async throws {
        let harness = try APIHarness()
        harness.history.configure { $0.showsTrace = true }
        let live = try LiveServer(harness.api)
        let answer = try await live.exchange(
            """
            GET /v1/agent-states HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer dev-key\r\nAccept: text/csv\r
            traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX-Request-Id: r-9\r
            Connection: close\r\n\r\n
            """)
        #expect(answer.contains("trace=0af7651916cd43dd8448eb211c80319c request=r-9"), "\(answer)")
        #expect(harness.log.text.split(separator: "\n").filter { $0.contains(" request ") }.count == 1)
        await live.server.stop()
    }

    /// Each request has its marks wherever a caller can put something of his own.
    @Test func secretsAndPayloads_areNeverLogged() async throws {
        let harness = try APIHarness {
            $0.idempotency = Idempotency(log: FakeIdempotencyLog(), sha256: { SHA256.hash($0) })
        }
        let path = try await harness.session(
            #"{"room":"support-42","metadata":{"k":"MARK-1"},"agent":{"metadata":"MARK-2"},"rpc_methods":[{"name":"m","handler":{"type":"static","response":"MARK-3"}}]}"#
        )
        let calls: [(HTTPMethod, String, String?)] = [
            (.post, "/v1/sessions?x=MARK-4", #"{"room":"MARK-5","nope":"MARK-6"}"#),
            (.post, "/v1/sessions", #"{"MARK-7"#),
            (.post, "\(path)/rpc-calls", #"{"method":"m","payload":"MARK-8","destinations":"all"}"#),
            (.post, "\(path)/turn-notifications", #"{"payload":"MARK-9"}"#),
            (.post, "\(path)/participant-tokens", #"{"identity":"a","attributes":{"k":"MARK-10"}}"#),
            (.patch, path, #"{"labels":{"k":"MARK-11"},"metadata":{"k":"MARK-12"}}"#),
            (.get, "/v1/sessions?label.k=MARK-13&cursor=MARK-14", nil),
            (.put, "\(path)/agent-state", #"{"state":"thinking","reason":"MARK-15"}"#),
        ]
        for authorization in ["Bearer dev-key", "Bearer MARK-16", "MARK-17", "Basic MARK-18"] {
            for (method, target, body) in calls {
                let headers: HTTPHeaders = [
                    "Idempotency-Key": "MARK-19", "Cookie": "MARK-20", "X-Request-Id": "not a MARK-21 id",
                ]
                _ = try await harness.send(method, target, body, headers: headers, authorization: authorization)
            }
        }
        harness.sessions.configure { $0.failure = .internalFailure("a mistake") }
        _ = try await harness.send(.post, "/v1/sessions", #"{"room":"MARK-22"}"#)
        let lines = harness.log.text.split(separator: "\n")
        #expect(lines.filter { $0.contains(" request ") }.count == 1 + 4 * calls.count + 1)
        #expect(lines.contains { $0.contains("a mistake") })
        #expect(!harness.log.text.contains("MARK"), "\(lines.filter { $0.contains("MARK") })")
        #expect(!harness.log.text.contains("dev-key"))
    }
}
