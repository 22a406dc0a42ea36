import Domain
import Testing

@testable import ControlAPI

struct TurnTests {
    private let harness: APIHarness
    private static let unknown = "turn_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"

    init() throws { harness = try APIHarness() }

    private func start(_ path: String, _ participant: String = "alice") async throws -> Answer {
        try await harness.send(.post, "\(path)/turns", #"{"participant":"\#(participant)"}"#)
    }

    private func json(_ answer: Answer, _ name: String) throws -> String? { try answer.json()[name] as? String }

    @Test func start_answersTheTurnAndWhereItIs() async throws {
        let path = try await harness.session()
        let answer = try await start(path)
        #expect(answer.status == 201)
        let id = try #require(try json(answer, "id"))
        #expect(try answer.header("Location") == "\(path)/turns/\(id)")
        #expect(
            answer.text == """
                {"id":"\(id)","session_id":"\(path.split(separator: "/").last ?? "")","epoch":1,"holder":"alice",\
                "status":"active","outcome":null,"end_reason":null,"started_at":"2026-11-22T10:31:07.123456Z",\
                "ended_at":null,"started_by":{"cause":"api","actor":"dev"},"pre_roll_ms":0,"audio_ms":0,"speech_ms":0,\
                "dropped_frames":0,"audio_kept":false}
                """)
        #expect(harness.sessions.lastCall == .startTurn(TurnRequest(participant: "alice"), actor: "dev"))
        #expect(try await harness.send(.get, "\(path)/turns/\(id)").text == answer.text)
    }

    @Test func start_byTheHolder_answersItsRunningTurn() async throws {
        let path = try await harness.session()
        let first = try await start(path)
        let second = try await start(path)
        #expect(second.status == 200)
        #expect(second.text == first.text)
        #expect(try second.header("Location") == first.header("Location"))
    }

    @Test func start_whenTheFloorIsTaken_is409NamingTheHolderAndItsTurn() async throws {
        let path = try await harness.session()
        let id = try #require(try json(try await start(path), "id"))
        let answer = try await start(path, "bob")
        #expect(answer.status == 409)
        #expect(try json(answer, "type") == "/problems/floor-taken")
        #expect(try json(answer, "holder") == "alice")
        #expect(try json(answer, "turn_id") == id)
        #expect(try answer.json()["epoch"] as? Int == 1)
    }

    @Test func start_withQueue_is202WithThePlace() async throws {
        let path = try await harness.session()
        _ = try await start(path)
        let answer = try await harness.send(.post, "\(path)/turns", #"{"participant":"bob","queue":true}"#)
        #expect(answer.status == 202)
        #expect(answer.text == #"{"queued":true,"participant":"bob","place":1,"holder":"alice"}"#)
        #expect(answer.response.headers["Location"] == nil)
    }

    @Test func preempt_withoutTheScopeAdmin_is403NamingTheFieldAndChangesNothing() async throws {
        let path = try await harness.session()
        _ = try await start(path)
        let before = harness.sessions.lastCall
        let answer = try await harness.send(
            .post, "\(path)/turns", #"{"participant":"bob","preempt":true}"#, authorization: "Bearer writer")
        #expect(answer.status == 403)
        #expect(try json(answer, "required_scope") == "admin")
        #expect(try answer.fields() == ["preempt"])
        #expect(try answer.header("WWW-Authenticate").contains("scope=\"admin\""))
        #expect(harness.sessions.lastCall == before)
    }

    @Test func preemptFalse_needsNoMoreThanWrite() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(
            .post, "\(path)/turns", #"{"participant":"bob","preempt":false}"#, authorization: "Bearer writer")
        #expect(answer.status == 201)
    }

    @Test func preempt_withTheScopeAdminOrWithoutKeys_takesTheFloor() async throws {
        for (harness, authorization) in [(harness, "Bearer dev-key"), (try APIHarness(keys: nil), "")] {
            let path = try await harness.session()
            _ = try await harness.send(
                .post, "\(path)/turns", #"{"participant":"alice"}"#, authorization: authorization)
            let answer = try await harness.send(
                .post, "\(path)/turns", #"{"participant":"bob","preempt":true}"#, authorization: authorization)
            #expect(answer.status == 201)
            #expect(try json(answer, "holder") == "bob")
        }
    }

    @Test(arguments: [
        (TurnRefusal.noFloor, "no-floor", [:]),
        (.agentBusy(.speaking), "agent-busy", ["agent_state": "speaking"]),
        (.queueFull(limit: 100), "queue-full", ["limit": "100"]),
        (.participantAbsent("zoe"), "participant-absent", ["participant": "zoe"]),
        (
            .floorTaken(holder: "bob", turn: nil, epoch: nil), "floor-taken",
            ["holder": "bob", "turn_id": "<null>", "epoch": "<null>"]
        ),
        (.staleTurn(current: nil, epoch: nil), "stale-turn", ["turn_id": "<null>", "epoch": "<null>"]),
        (.noTurn, "stale-turn", ["turn_id": "<null>", "epoch": "<null>"]),
        (.notHolder(holder: "bob"), "floor-taken", ["holder": "bob"]),
        (.notReady(.reconnecting), "session-not-working", ["session_status": "reconnecting"]),
    ])
    func everyRefusal_is409WithItsSlugAndWhatStandsInTheWay(
        _ refusal: TurnRefusal, _ slug: String, _ members: [String: String]
    ) async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.refusal = refusal }
        let answer = try await start(path)
        #expect(answer.status == 409)
        let json = try answer.json()
        #expect(json["type"] as? String == "/problems/\(slug)")
        for (name, value) in members { #expect(json[name].map { "\($0)" } == value, "\(name)") }
    }

    @Test(arguments: [
        ("{}", ["participant"]), (#"{"participant":7}"#, ["participant"]), (#"{"participant":""}"#, ["participant"]),
        (#"{"participant":"a","preempt":"yes"}"#, ["preempt"]), (#"{"participant":"a","queue":1}"#, ["queue"]),
        (#"{"participant":"a","queue":true,"preempt":true}"#, ["queue"]),
        (#"{"participant":"a","holder":"b"}"#, ["holder"]), ("[]", ["body"]), ("", ["body"]),
    ])
    func start_withBadBody_is400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.post, "\(path)/turns", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func end_answersTheTurnWithItsOutcome() async throws {
        let path = try await harness.session()
        let location = try await start(path).header("Location")
        let answer = try await harness.send(.post, "\(location)/end")
        #expect(answer.status == 200)
        #expect(answer.text.contains(#""status":"ended","outcome":"committed","end_reason":"end_turn","#))
        #expect(
            answer.text.hasSuffix(
                #""pre_roll_ms":480,"audio_ms":2480,"speech_ms":1960,"dropped_frames":1,"audio_kept":false}"#))
        let id = try #require(TurnID(location.split(separator: "/").last ?? ""))
        #expect(harness.sessions.lastCall == .endTurn(TurnReference(id: id), actor: "dev"))
    }

    @Test func cancel_passesTheEpochOn() async throws {
        let path = try await harness.session()
        let location = try await start(path).header("Location")
        let answer = try await harness.send(.post, "\(location)/cancel", #"{"epoch":1}"#)
        #expect(try json(answer, "outcome") == "cancelled")
        let id = try #require(TurnID(location.split(separator: "/").last ?? ""))
        #expect(harness.sessions.lastCall == .cancelTurn(TurnReference(id: id, epoch: 1), actor: "dev"))
    }

    @Test(arguments: ["end", "cancel"])
    func staleTurnsAndEpochs_are409WithTheTurnUnderWay(_ verb: String) async throws {
        let path = try await harness.session()
        let first = try await start(path).header("Location")
        _ = try await harness.send(.post, "\(first)/end")
        let over = try await harness.send(.post, "\(first)/\(verb)")
        #expect(over.status == 409)
        #expect(over.text.contains(#""turn_id":null,"epoch":null"#))
        let second = try await start(path, "bob")
        let id = try #require(try json(second, "id"))
        for (target, body) in [("\(first)/\(verb)", "{}"), ("\(path)/turns/\(id)/\(verb)", #"{"epoch":1}"#)] {
            let answer = try await harness.send(.post, target, body)
            #expect(answer.status == 409)
            #expect(try json(answer, "type") == "/problems/stale-turn")
            #expect(try json(answer, "turn_id") == id)
            #expect(try answer.json()["epoch"] as? Int == 2)
        }
        #expect(try await harness.send(.get, "\(path)/turns/\(id)").text == second.text)
    }

    @Test(arguments: [
        unknown, "turn_", "x", "ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "turn_01jd8z4j9yf3t5w6x7y8z9a0bc",
    ])
    func turnsThatNeverWere_are404(_ id: String) async throws {
        let path = "\(try await harness.session())/turns/\(id)"
        let answers = [
            try await harness.send(.get, path), try await harness.send(.post, "\(path)/end"),
            try await harness.send(.post, "\(path)/cancel", "{}"), try await harness.send(.get, "\(path)/audio"),
        ]
        for answer in answers {
            #expect(answer.status == 404)
            #expect(try json(answer, "type") == "/problems/turn-not-found")
        }
    }

    @Test(arguments: [
        (#"{"epoch":0}"#, "epoch"), (#"{"epoch":9007199254740992}"#, "epoch"), (#"{"epoch":"1"}"#, "epoch"),
        (#"{"epoch":1.5}"#, "epoch"),
        (#"{"turn_id":"x"}"#, "turn_id"), ("7", "body"),
    ])
    func end_withBadBody_is400NamingTheField(_ body: String, _ field: String) async throws {
        let path = "\(try await harness.session())/turns/\(Self.unknown)"
        for verb in ["end", "cancel"] {
            let answer = try await harness.send(.post, "\(path)/\(verb)", body)
            #expect(answer.status == 400)
            #expect(try answer.fields() == [field])
        }
    }

    @Test func list_pagesNewestFirstAndFiltersByOutcome() async throws {
        let path = try await harness.session()
        for verb in ["end", "cancel", "end"] {
            _ = try await harness.send(.post, "\(try await start(path).header("Location"))/\(verb)")
        }
        func epochs(_ answer: Answer) throws -> [Int] {
            try #require(try answer.json()["data"] as? [[String: Any]]).compactMap { $0["epoch"] as? Int }
        }
        let first = try await harness.send(.get, "\(path)/turns?limit=2")
        #expect(try epochs(first) == [3, 2])
        let cursor = try #require(try json(first, "next_cursor"))
        let second = try await harness.send(.get, "\(path)/turns?limit=2&cursor=\(cursor)")
        #expect(try epochs(second) == [1])
        #expect(second.text.hasSuffix(#""next_cursor":null}"#))
        #expect(try epochs(try await harness.send(.get, "\(path)/turns?outcome=cancelled")) == [2])
        #expect(harness.sessions.lastCall == .turns(TurnQuery(outcome: .cancelled)))
    }

    @Test(arguments: [
        ("outcome=won", "outcome"), ("outcome=", "outcome"), ("limit=0", "limit"), ("cursor=x", "cursor"),
        ("cursor=s1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "cursor"), ("holder=a", "holder"),
    ])
    func list_withBadQuery_is400NamingTheParameter(_ query: String, _ field: String) async throws {
        let answer = try await harness.send(.get, "\(try await harness.session())/turns?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == [field])
    }

    @Test func session_showsItsTurnFloorAndGates() async throws {
        let path = try await harness.session()
        let turn = try await start(path)
        harness.sessions.configure { state in
            for id in state.sessions.keys {
                state.sessions[id]?.floor.queue = ["bob"]
                state.sessions[id]?.gates = [ParticipantGate(identity: "alice", isOpen: true, reason: .turn)]
            }
        }
        let text = try await harness.send(.get, path).text
        #expect(text.contains(#""turn":\#(turn.text),"floor":{"holder":"alice","queue":["bob"],"offered_to":null}"#))
        #expect(text.contains(#""audio":{"track_sid":"TR_1","muted":true,"gate":"open","gate_reason":"turn"}"#))
    }

    @Test func session_whileTheFloorIsOffered_saysToWhom() async throws {
        let path = try await harness.session()
        harness.sessions.configure { state in
            for id in state.sessions.keys { state.sessions[id]?.floor = Floor(offeredTo: "bob", queue: ["carol"]) }
        }
        #expect(
            try await harness.send(.get, path).text.contains(
                #""turn":null,"floor":{"holder":null,"queue":["carol"],"offered_to":"bob"}"#))
    }
}
