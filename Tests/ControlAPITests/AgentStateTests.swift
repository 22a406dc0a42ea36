import Domain
import Testing

@testable import ControlAPI

struct AgentStateTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func set_answersTheRowThatWasMade() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.put, "\(path)/agent-state", #"{"state":"thinking","reason":"llm"}"#)
        #expect(answer.status == 200)
        let id = path.split(separator: "/").last ?? ""
        #expect(
            answer.text == """
                {"session_id":"\(id)","room":"support-42","seq":2,"old_state":"listening","new_state":"thinking",\
                "at":"2026-11-22T10:31:07.123456Z","dwell_ms":null,"cause":"api","actor":"dev","turn_id":null,\
                "reason":"llm",\
                "changed":true,"durable":true}
                """)
        #expect(harness.sessions.lastCall == .setState(.thinking, reason: "llm", actor: "dev"))
    }

    @Test func set_toTheSameState_saysThatNothingChanged() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.put, "\(path)/agent-state", #"{"state":"listening"}"#)
        #expect(try answer.json()["changed"] as? Bool == false)
    }

    @Test func set_whileTheDatabaseIsAway_is202() async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.durable = false }
        let answer = try await harness.send(.put, "\(path)/agent-state", #"{"state":"idle"}"#)
        #expect(answer.status == 202)
        #expect(try answer.json()["durable"] as? Bool == false)
    }

    @Test func set_backToInitializing_is409WithBothStates() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.put, "\(path)/agent-state", #"{"state":"initializing"}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["from"] as? String == "listening")
        #expect(try answer.json()["to"] as? String == "initializing")
    }

    @Test func set_onAnEndedSession_is409WithItsStatus() async throws {
        let path = try await harness.session()
        _ = try await harness.send(.delete, path)
        let answer = try await harness.send(.put, "\(path)/agent-state", #"{"state":"idle"}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["session_status"] as? String == "ended")
    }

    @Test(arguments: [
        (#"{}"#, ["state"]), (#"{"state":"x"}"#, ["state"]),
        (#"{"state":1,"reason":2,"z":3}"#, ["state", "reason", "z"]),
    ])
    func set_withBadBody_is400(_ body: String, _ fields: [String]) async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.put, "\(path)/agent-state", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func page_passesTheStoresBytesThroughUntouched() async throws {
        let path = try await harness.session()
        let session = try #require(SessionID(path.split(separator: "/").last ?? ""))
        let rows = #"[{"seq" : 1, "new_state":"idle"} ,{"seq":2}]"#
        let place = HistoryPosition(at: FakeSessions.start, session: session, seq: 2)
        harness.history.configure { $0.page = HistoryPage(rows: Array(rows.utf8), next: place) }
        let answer = try await harness.send(.get, "\(path)/agent-states?limit=2")
        let cursor = try #require(try answer.json()["next_cursor"] as? String)
        #expect(answer.text == #"{"data":\#(rows),"next_cursor":"\#(cursor)"}"#)
        #expect(try answer.header("Vary") == "Accept")

        _ = try await harness.send(.get, "\(path)/agent-states?cursor=\(cursor)")
        #expect(harness.history.lastQuery == HistoryQuery(session: session, after: place))
    }

    @Test func page_acrossSessions_passesItsFiltersOn() async throws {
        let target =
            "/v1/agent-states?room=r&label.t=a&state=idle&since=2026-11-22T10:31:07+01:00&until=2026-11-22T10:31:07Z&order=desc&limit=5"
        #expect(try await harness.send(.get, target).status == 200)
        #expect(
            harness.history.lastQuery
                == HistoryQuery(
                    room: "r", labels: ["t": "a"], state: .idle,
                    since: Timestamp(rfc3339: "2026-11-22T09:31:07Z"),
                    until: Timestamp(rfc3339: "2026-11-22T10:31:07Z"),
                    ascending: false, limit: 5))
    }

    @Test(arguments: ["application/json", "application/x-ndjson", "text/csv"])
    func history_ofAnUnknownSession_is404InEveryMediaType(_ mediaType: String) async throws {
        let path = "/v1/sessions/ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC/agent-states"
        #expect(try await harness.send(.get, path, headers: ["Accept": mediaType]).status == 404)
    }

    @Test func export_whileTheDatabaseIsAway_is503BeforeAnythingIsSent() async throws {
        harness.history.configure { $0.failure = .storeUnavailable(detail: "no connection") }
        let answer = try await harness.send(.get, "/v1/agent-states", headers: ["Accept": "text/csv"])
        #expect(answer.status == 503)
        #expect(try answer.header("Retry-After") == "1")
    }

    @Test func accept_isNegotiatedByQuality() async throws {
        func type(_ accept: String) async throws -> String {
            try await harness.send(.get, "/v1/agent-states", headers: ["Accept": accept]).header("Content-Type")
        }
        #expect(try await type("*/*") == "application/json")
        #expect(try await type("text/csv;q=0.5, application/x-ndjson") == "application/x-ndjson")
        #expect(try await type("text/*, application/json;q=0.9") == "text/csv; charset=utf-8; header=present")
        #expect(try await type("text/html, */*;q=0.1") == "application/json")
        #expect(try await type("application/json;q=0, */*") == "application/x-ndjson")
    }

    @Test func whatIsNotThere_comesBeforeWhatIsNotAcceptable() async throws {
        let path = try await harness.session()
        for (target, status) in [("/v1/sessions/nope/agent-states", 404), ("\(path)/agent-states?limit=x", 400)] {
            #expect(try await harness.send(.get, target, headers: ["Accept": "image/png"]).status == status)
        }
    }

    @Test func accept_ofNothingWeHave_is406() async throws {
        for accept in ["text/html", "application/json;q=0", "nonsense"] {
            let answer = try await harness.send(.get, "/v1/agent-states", headers: ["Accept": accept])
            #expect(answer.status == 406)
            #expect(
                try answer.json()["available"] as? [String] == ["application/json", "application/x-ndjson", "text/csv"])
        }
    }

    @Test func summary_answersItsFigures() async throws {
        let path = try await harness.session()
        let id = try #require(SessionID(path.split(separator: "/").last ?? ""))
        #expect(try await harness.send(.get, "\(path)/agent-states/summary").status == 404)
        let dwell = StateDwell(
            state: .idle, count: 2, totalMs: 10, meanMs: 5, p50Ms: 4.5, p95Ms: 6, maxMs: 6, share: 0.25)
        harness.history.configure { $0.summary = HistorySummary(session: id, states: [dwell], turns: 3) }
        #expect(
            try await harness.send(.get, "\(path)/agent-states/summary").text == """
                {"session_id":"\(id)","states":[{"state":"idle","count":2,"total_ms":10.0,"mean_ms":5.0,"p50_ms":4.5,\
                "p95_ms":6.0,"max_ms":6.0,"share":0.25}],"turns":3}
                """)
    }
}
