import Domain
import Foundation
import HTTPServer
import TestSupport
import Testing

@testable import ControlAPI

/// What the two calls answer before their first event.
struct EventRouteTests {
    private let harness: APIHarness
    private let log: FakeEventLog

    init() throws {
        harness = try APIHarness()
        log = harness.eventLog
    }

    private func session() async throws -> (path: String, id: SessionID) {
        let path = try await harness.session()
        return (path + "/events", try #require(SessionID(path.dropFirst("/v1/sessions/".count))))
    }

    private func end(_ id: SessionID, ago: Duration) {
        harness.sessions.configure { state in
            state.sessions[id]?.status = .ended
            state.sessions[id]?.endedAt = FakeSessions.start + (.zero - ago)
        }
    }

    @Test(arguments: [false, true])
    func stream_saysWhatItIs(ofAll: Bool) async throws {
        let path = ofAll ? "/v1/events" : try await session().path
        let answer = try await harness.send(.get, path)
        #expect(answer.status == 200)
        #expect(try answer.header("Content-Type") == "text/event-stream")
        #expect(try answer.header("Cache-Control") == "no-store")
        #expect(try answer.header("X-Accel-Buffering") == "no")
    }

    @Test func stream_thatNobodyReads_givesItsPlaceBack() async throws {
        _ = try await harness.send(.get, "/v1/events")
        let text = harness.metrics.text(.prometheus)
        #expect(text.contains("turngate_event_streams 0\n"))
        #expect(text.contains(#"turngate_event_streams_closed_total{reason="client_gone"} 1"#))
    }

    @Test func head_takesNoPlace() async throws {
        let answer = try await harness.send(.head, "/v1/events")
        #expect(answer.status == 200)
        #expect(try answer.header("Content-Type") == "text/event-stream")
        #expect(harness.metrics.text(.prometheus).contains(#"closed_total{reason="client_gone"} 0"#))
        #expect(try await harness.send(.head, "/v1/sessions/ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC/events").status == 404)
    }

    @Test(arguments: [
        ("types=turn.starte", "types"), ("types=", "types"), ("types=turn.started,", "types"),
        ("types=turn.started&types=turn.ended", "types"), ("from=yesterday", "from"), ("from=", "from"),
        ("heartbeat_s=0", "heartbeat_s"), ("heartbeat_s=61", "heartbeat_s"), ("heartbeat_s=1.5", "heartbeat_s"),
        ("last_event_id=", "last_event_id"), ("last_event_id=evt_1", "last_event_id"),
        ("last_event_id=ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "last_event_id"), ("since=now", "since"),
    ])
    func badQueries_are400(_ query: String, _ field: String) async throws {
        for path in ["/v1/events", try await session().path] {
            let answer = try await harness.send(.get, "\(path)?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.fields() == [field])
            harness.sessions.configure { $0.sessions = [:] }
        }
    }

    @Test(arguments: ["evt_1", "0", "evt_01jd8z4j9yf3t5w6x7y8z9a0bc", "evt_01JD8Z4J9YF3T5W6X7Y8Z9A0BC "])
    func malformedLastEventID_is400NamingTheHeader(_ value: String) async throws {
        let answer = try await harness.send(.get, "/v1/events", headers: ["Last-Event-ID": value])
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["Last-Event-ID"])
    }

    @Test func lastEventID_twice_is400() async throws {
        let id = log.append(SessionID(uuid: UUID())).id.description
        let answer = try await harness.send(
            .get, "/v1/events", headers: ["Last-Event-ID": id, "last-event-id": id])
        #expect(try answer.fields() == ["Last-Event-ID"])
    }

    @Test func lastEventID_ofNoEventOfTheStream_is410() async throws {
        let (path, id) = try await session()
        let mine = log.append(id).id.description, other = log.append(SessionID(uuid: UUID())).id.description
        let nobodys = "evt_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"
        #expect(try await harness.send(.get, path, headers: ["Last-Event-ID": mine]).status == 200)
        #expect(try await harness.send(.get, "/v1/events", headers: ["Last-Event-ID": other]).status == 200)
        #expect(try await harness.send(.get, "\(path)?last_event_id=\(mine)").status == 200)
        for answer in [
            try await harness.send(.get, path, headers: ["Last-Event-ID": other]),
            try await harness.send(.get, path, headers: ["Last-Event-ID": nobodys]),
            try await harness.send(.get, "/v1/events?last_event_id=\(nobodys)"),
            // The header wins.
            try await harness.send(.get, "\(path)?last_event_id=\(mine)", headers: ["Last-Event-ID": nobodys]),
        ] {
            #expect(answer.status == 410)
            #expect(try answer.json()["type"] as? String == "/problems/event-not-found")
        }
        #expect(
            try await harness.send(.get, "\(path)?last_event_id=\(other)", headers: ["Last-Event-ID": mine]).status
                == 200)
        #expect(try await harness.send(.get, path, headers: ["Last-Event-ID": ""]).status == 200)
    }

    @Test func unknownSession_is404BeforeItsEventsAreLookedFor() async throws {
        let headers: HTTPHeaders = ["Last-Event-ID": "evt_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"]
        for id in ["ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "x"] {
            let answer = try await harness.send(.get, "/v1/sessions/\(id)/events", headers: headers)
            #expect(answer.status == 404)
            #expect(try answer.json()["type"] as? String == "/problems/session-not-found")
        }
    }

    @Test(arguments: [
        ("text/event-stream", 200), ("text/*", 200), ("*/*", 200), ("application/json", 406),
        ("text/event-stream;q=0", 406),
    ])
    func accept_isHeeded(_ accept: String, _ status: Int) async throws {
        let answer = try await harness.send(.get, "/v1/events", headers: ["Accept": accept])
        #expect(answer.status == status)
        guard status == 406 else { return }
        #expect(try answer.json()["available"] as? [String] == ["text/event-stream"])
    }

    @Test func logThatIsAway_is503() async throws {
        log.setAway(true)
        let answer = try await harness.send(.get, "/v1/events")
        #expect(answer.status == 503)
        #expect(try answer.header("Retry-After") == "1")
    }

    @Test func streamsPastTheBound_are503() async throws {
        var limits = EventHubLimits()
        limits.streams = 1
        let harness = try APIHarness(limits: limits)
        let first = try await harness.send(.get, "/v1/events")
        let second = try await harness.send(.get, "/v1/events")
        #expect(first.status == 200 && second.status == 503)
        #expect(try second.json()["type"] as? String == "/problems/overloaded")
        #expect(try second.header("Retry-After") == "1")
        withExtendedLifetime(first) {}
    }

    @Test func streamsPastTheCallersOwnBound_are503ForItAlone() async throws {
        var limits = EventHubLimits()
        (limits.streamsPerKey, limits.streamsPerRoom) = (1, 1)
        let harness = try APIHarness(keys: Credentials(), limits: limits)
        let here = "Bearer \(try Credentials.token("here"))", there = "Bearer \(try Credentials.token("there"))"
        var open: [Answer] = []
        for caller in ["Bearer dev-key", "Bearer reader", here, there] {
            open.append(try await harness.send(.get, "/v1/events", authorization: caller))
            let second = try await harness.send(.get, "/v1/events", authorization: caller)
            #expect(second.status == 503)
            #expect(try second.json()["type"] as? String == "/problems/overloaded")
        }
        #expect(open.map(\.status) == [200, 200, 200, 200])
    }

    @Test func roomOfTheKey_isTheStreamsScope() async throws {
        let harness = try APIHarness(keys: OneRoom())
        let here = harness.eventLog.append(SessionID(uuid: UUID()), room: "mine").id.description
        let there = harness.eventLog.append(SessionID(uuid: UUID()), room: "theirs").id.description
        #expect(try await harness.send(.get, "/v1/events", headers: ["Last-Event-ID": here]).status == 200)
        #expect(try await harness.send(.get, "/v1/events", headers: ["Last-Event-ID": there]).status == 410)
    }

    // MARK: Sessions that are over

    @Test(arguments: [HTTPMethod.get, .head])
    func overWithNothingLeft_is204(_ method: HTTPMethod) async throws {
        let (path, id) = try await session()
        log.append(id)
        let last = log.append(id, .sessionEnded).id.description
        end(id, ago: .seconds(3))
        let empty = try await harness.send(method, path)
        #expect(empty.status == 204)
        #expect(empty.response.headers["Content-Type"] == nil)
        #expect(try await harness.send(method, path, headers: ["Last-Event-ID": last]).status == 204)
        #expect(try await harness.send(method, "\(path)?from=start&types=turn.started").status == 204)
    }

    @Test func overWithSomethingLeft_is200() async throws {
        let (path, id) = try await session()
        let first = log.append(id).id.description
        log.append(id, .sessionEnded)
        end(id, ago: .seconds(3600))
        #expect(try await harness.send(.get, path, headers: ["Last-Event-ID": first]).status == 200)
        #expect(try await harness.send(.get, "\(path)?from=start").status == 200)
    }

    /// The last event may still be on its way into the log.
    @Test func overSinceJustNow_is200EvenWithNothingLeft() async throws {
        let (path, id) = try await session()
        let first = log.append(id).id.description
        end(id, ago: .seconds(10))
        #expect(try await harness.send(.get, path, headers: ["Last-Event-ID": first]).status == 200)
        let last = log.append(id, .sessionFailed).id.description
        end(id, ago: .seconds(1))
        #expect(try await harness.send(.get, path, headers: ["Last-Event-ID": last]).status == 200)
    }

    @Test func overFromBeforeThereWereEvents_is204() async throws {
        let (path, id) = try await session()
        end(id, ago: .seconds(61))
        #expect(try await harness.send(.get, path).status == 204)
        #expect(try await harness.send(.get, "\(path)?from=start").status == 204)
    }

    // MARK: Frames

    @Test(arguments: [
        (#"{"a":1}"#, "data: {\"a\":1}\n"), ("a\nb", "data: a\ndata: b\n"),
        ("a\r\nb\rc", "data: a\ndata: b\ndata: c\n"),
        ("\n", "data: \ndata: \n"), ("", "data: \n"), ("x\r", "data: x\ndata: \n"),
        ("a\n\nb", "data: a\ndata: \ndata: b\n"),
        ("\u{0}é\u{2028}:", "data: \u{0}é\u{2028}:\n"),
    ])
    func frame_keepsAnyBytesWithinItsData(_ data: String, _ lines: String) {
        let frame = EventFrame.frame(id: "evt_1", type: "turn.started", data: Array(data.utf8))
        #expect(String(decoding: frame, as: UTF8.self) == "id: evt_1\nevent: turn.started\n\(lines)\n")
    }
}

private struct OneRoom: CallerAuthenticator {
    func caller(bearing credential: String, now: Timestamp) throws(CredentialRefusal) -> Caller {
        Caller(name: "token", scope: .admin, room: "mine")
    }
}
