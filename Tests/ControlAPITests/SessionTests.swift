import Domain
import Testing

@testable import ControlAPI

struct SessionTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func create_withRoomOnly_fillsInTheDefaultsAndAnswersTheWholeSession() async throws {
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"support-42"}"#)
        #expect(answer.status == 201)
        #expect(harness.sessions.lastCall == .create(SessionSpec(room: "support-42"), actor: "dev", wait: .seconds(10)))
        let id = try #require(try answer.json()["id"] as? String)
        #expect(try answer.header("Location") == "/v1/sessions/\(id)")
        #expect(
            answer.text == """
                {"id":"\(id)","room":"support-42","status":"active","agent_state":"listening",\
                "agent_state_since":"2026-11-22T10:31:07.124456Z",\
                "agent":{"identity":"agent","name":"","sid":"PA_agent","metadata":"","attributes":{}},\
                "room_sid":"RM_room",\
                "audio_input":{"enabled":true,"reason":"policy","note":null,"since":"2026-11-22T10:31:07.124456Z"},\
                "turn":null,"floor":{"holder":null,"queue":[],"offered_to":null},\
                "participants":[{"identity":"alice","sid":"PA_alice","name":"Alice","kind":"standard","state":"active",\
                "audio":{"track_sid":"TR_1","muted":true,"gate":"closed","gate_reason":"no_turn"}},\
                {"identity":"bob","sid":"PA_bob","name":"","kind":"sip","state":"active","audio":null}],\
                "rpc_methods":["cancel_turn","end_turn","get_turn_state","start_turn"],\
                "turn_policy":{"mode":"manual","notify_on":["listening"],"open_audio_on":["idle","listening"],\
                "close_audio_on":["thinking","speaking"],\
                "notification":{"method":"your_turn_to_speak","payload":"","response_timeout_ms":5000},\
                "pre_roll_ms":500,"max_turn_ms":60000,"closed_gate":"drop","keep_turn_audio":false,"align":"heard",\
                "allow_interruptions":true},\
                "labels":{},"metadata":{},"max_duration_s":3600,"empty_timeout_s":60,\
                "created_at":"2026-11-22T10:31:07.124456Z","activated_at":"2026-11-22T10:31:07.124456Z",\
                "ended_at":null,"end_reason":null,"end_detail":null}
                """)
    }

    @Test func create_withEverything_passesAllOfItOn() async throws {
        let body = """
            {"room":"r","agent":{"identity":"i","name":"Ava","metadata":"m","attributes":{"tier":"gold"}},
             "rpc_methods":[{"name":"a","description":"d","handler":{"type":"static","response":"x"}},
                            {"name":"b","handler":{"type":"echo"}}],
             "turn_policy":{"mode":"open","notify_on":["idle"],"open_audio_on":["speaking"],"close_audio_on":["idle"],
                "notification":{"method":"m","payload":"p","response_timeout_ms":100},"pre_roll_ms":0,
                "max_turn_ms":1000,"closed_gate":"pause","keep_turn_audio":true,"align":"sent",
                "allow_interruptions":false},
             "labels":{"tenant":"acme"},"metadata":{"b":[1,2.50,{"a":null}]},"max_duration_s":0,"empty_timeout_s":0}
            """
        #expect(try await harness.send(.post, "/v1/sessions?wait_ms=250", body).status == 201)
        guard case .create(let spec, _, let wait) = harness.sessions.lastCall else {
            Issue.record("create was not called")
            return
        }
        #expect(wait == .milliseconds(250))
        #expect(
            spec.agent == AgentProfile(identity: "i", name: "Ava", metadata: "m", attributes: ["tier": "gold"]))
        #expect(
            spec.rpcMethods == [
                RPCMethodSpec(name: "a", description: "d", handler: .static(response: "x")),
                RPCMethodSpec(name: "b", handler: .echo),
            ])
        #expect(spec.labels == ["tenant": "acme"])
        #expect(spec.metadata == #"{"b":[1,2.50,{"a":null}]}"#)
        #expect(spec.maxDuration == nil && spec.emptyTimeout == nil)
        var policy = TurnPolicy()
        policy.mode = .open
        policy.notifyOn = [.idle]
        policy.openAudioOn = [.speaking]
        policy.closeAudioOn = [.idle]
        policy.notification = NotificationPolicy(method: "m", payload: "p", responseTimeoutMs: 100)
        policy.preRollMs = 0
        policy.maxTurnMs = 1000
        policy.closedGate = .pause
        policy.keepTurnAudio = true
        policy.align = .sent
        policy.allowInterruptions = false
        #expect(spec.turnPolicy == policy)
    }

    @Test(arguments: [
        (#"{"open_audio_on":["thinking"]}"#, [AgentState.thinking], [AgentState.speaking]),
        (#"{"close_audio_on":["idle"]}"#, [.listening], [.idle]),
        (
            #"{"open_audio_on":["idle","thinking"],"close_audio_on":["idle","speaking"]}"#, [.thinking],
            [.idle, .speaking]
        ),
    ])
    func create_keepsAStateInOneGateListOnly(
        _ policy: String, _ open: [AgentState], _ close: [AgentState]
    ) async throws {
        #expect(try await harness.send(.post, "/v1/sessions", #"{"room":"r","turn_policy":\#(policy)}"#).status == 201)
        guard case .create(let spec, _, _) = harness.sessions.lastCall else {
            Issue.record("create was not called")
            return
        }
        #expect(spec.turnPolicy.openAudioOn == open)
        #expect(spec.turnPolicy.closeAudioOn == close)
    }

    @Test func create_whileConnecting_is202() async throws {
        harness.sessions.configure { $0.nextStatus = .connecting }
        let answer = try await harness.send(.post, "/v1/sessions?wait_ms=0", #"{"room":"r"}"#)
        #expect(answer.status == 202)
        #expect(try answer.json()["status"] as? String == "connecting")
        #expect(try answer.header("Location").hasPrefix("/v1/sessions/ses_"))
    }

    @Test func create_withSameIdentity_is409NamingTheOther() async throws {
        let first = try await harness.session().split(separator: "/").last ?? ""
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"support-42"}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["conflicting_session"] as? String == String(first))
        #expect(try answer.json()["type"] as? String == "/problems/identity-taken")
    }

    @Test func create_withAMethodTwice_is409() async throws {
        let method = #"{"name":"a","handler":{"type":"echo"}}"#
        let answer = try await harness.send(
            .post, "/v1/sessions", #"{"room":"r","rpc_methods":[\#(method),\#(method)]}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["rpc_method"] as? String == "a")
        #expect(harness.sessions.lastCall == nil)
    }

    @Test func create_withABuiltinMethod_is409() async throws {
        for name in BuiltinMethod.allCases.map(\.rawValue) {
            let method = #"{"name":"\#(name)","handler":{"type":"echo"}}"#
            let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r","rpc_methods":[\#(method)]}"#)
            #expect(answer.status == 409)
            #expect(try answer.json()["type"] as? String == "/problems/rpc-method-builtin")
            #expect(try answer.json()["rpc_method"] as? String == name)
        }
    }

    @Test(arguments: [
        (TurngateError.roomUnreachable(SessionID(at: FakeSessions.start), detail: "no answer"), "room-unreachable"),
        (.roomTokenRefused(SessionID(at: FakeSessions.start), detail: "401"), "room-token-refused"),
        (.roomFailed("timeout"), "room-failed"),
    ])
    func create_whenTheRoomFails_is502(_ error: TurngateError, _ slug: String) async throws {
        harness.sessions.configure { $0.failure = error }
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r"}"#)
        #expect(answer.status == 502)
        #expect(try answer.json()["type"] as? String == "/problems/\(slug)")
        if slug != "room-failed" { #expect((try answer.json()["session"] as? String)?.hasPrefix("ses_") == true) }
    }

    @Test func list_pagesWithCursorsNewestFirst() async throws {
        for room in ["a", "b", "c"] { _ = try await harness.session(#"{"room":"\#(room)","labels":{"k":"v"}}"#) }
        let first = try await harness.send(.get, "/v1/sessions?limit=2&label.k=v&status=active&status=connecting")
        #expect(try rooms(first) == ["c", "b"])
        let cursor = try #require(try first.json()["next_cursor"] as? String)
        let second = try await harness.send(.get, "/v1/sessions?limit=2&cursor=\(cursor)")
        #expect(try rooms(second) == ["a"])
        #expect(second.text.hasSuffix(#""next_cursor":null}"#))
    }

    @Test func list_passesItsFiltersOn() async throws {
        #expect(try await harness.send(.get, "/v1/sessions?status=ended&room=a+b&label.a=1&label.b=").status == 200)
        #expect(
            harness.sessions.lastCall
                == .list(SessionQuery(statuses: [.ended], room: "a b", labels: ["a": "1", "b": ""], limit: 100)))
    }

    private func rooms(_ answer: Answer) throws -> [String] {
        let data = try #require(try answer.json()["data"] as? [[String: Any]])
        return data.compactMap { $0["room"] as? String }
    }

    @Test func patch_mergesThePolicyAndReplacesLabels() async throws {
        let path = try await harness.session(#"{"room":"r","labels":{"old":"1"}}"#)
        let body =
            #"{"turn_policy":{"pre_roll_ms":10,"close_audio_on":["idle"]},"labels":{"new":"2"},"metadata":{"a":1}}"#
        let json = try await harness.send(.patch, path, body).json()
        let policy = try #require(json["turn_policy"] as? [String: Any])
        #expect(policy["pre_roll_ms"] as? Int == 10)
        #expect(policy["open_audio_on"] as? [String] == ["listening"])
        #expect(policy["close_audio_on"] as? [String] == ["idle"])
        #expect(json["labels"] as? [String: String] == ["new": "2"])
        #expect(json["metadata"] as? [String: Int] == ["a": 1])
    }

    @Test func patch_withNothing_changesNothing() async throws {
        let path = try await harness.session()
        let before = try await harness.send(.get, path)
        #expect(try await harness.send(.patch, path, "{}").text == before.text)
    }

    @Test func delete_endsOnceAndAnswersTheSameAgain() async throws {
        let path = try await harness.session()
        let first = try await harness.send(.delete, path)
        #expect(first.status == 200)
        #expect(try first.json()["status"] as? String == "ended")
        #expect(try first.json()["end_reason"] as? String == "deleted")
        let second = try await harness.send(.delete, path)
        #expect(second.status == 200)
        #expect(second.text == first.text)
    }

    @Test func delete_whoseEndIsNotDurable_is202() async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.endStatus = .ending }
        #expect(try await harness.send(.delete, path).status == 202)
    }

    @Test(arguments: [
        "ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "ses_", "x", "ses_01jd8z4j9yf3t5w6x7y8z9a0bc",
        "ntf_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "%00", "%ff", "..",
    ])
    func unknownAndMalformedIDs_are404(_ id: String) async throws {
        let answer = try await harness.send(.get, "/v1/sessions/\(id)")
        #expect(answer.status == (id.hasPrefix("%") ? 400 : 404))
    }

    @Test func participantToken_isForTheSessionsRoom() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.post, "\(path)/participant-tokens", #"{"identity":"alice"}"#)
        #expect(answer.status == 201)
        #expect(
            answer.text == """
                {"token":"token-of-alice","url":"ws://127.0.0.1:7880","room":"support-42",\
                "expires_at":"2026-11-22T11:31:07.123456Z"}
                """)
    }

    @Test func participantToken_forTheAgentsIdentity_is409() async throws {
        let path = try await harness.session()
        #expect(try await harness.send(.post, "\(path)/participant-tokens", #"{"identity":"agent"}"#).status == 409)
    }

    @Test func participantToken_ofAnEndedSession_is409() async throws {
        let path = try await harness.session()
        _ = try await harness.send(.delete, path)
        let answer = try await harness.send(.post, "\(path)/participant-tokens", #"{"identity":"alice"}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["session_status"] as? String == "ended")
    }
}
