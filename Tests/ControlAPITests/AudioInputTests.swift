import Domain
import Testing

@testable import ControlAPI

struct AudioInputTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func get_answersTheGateEverybodysGateAndTheReaders() async throws {
        let path = "\(try await harness.session())/audio-input"
        let stream = try await harness.send(.get, "\(path)/stream?format=pcm&sample_rate=8000&participant=alice")
        let reader = try stream.header("Turngate-Reader")
        let answer = try await harness.send(.get, path)
        #expect(answer.status == 200)
        #expect(
            answer.text == """
                {"enabled":true,"reason":"policy","note":null,"since":"2026-11-22T10:31:07.124456Z",\
                "participants":[{"identity":"alice","gate":"closed","reason":"no_turn"},\
                {"identity":"bob","gate":"closed","reason":"unavailable"}],\
                "readers":[{"id":"\(reader)","participant":"alice","format":"pcm","sample_rate":8000,\
                "since":"2026-11-22T10:31:07.123456Z","sent_ms":0,"dropped_ms":60}]}
                """)
        // Keeps the answer, and with it the reader, until here.
        #expect(stream.status == 200)
    }

    @Test func put_closesWithAReasonAndOpensAgain() async throws {
        let path = "\(try await harness.session())/audio-input"
        let shut = try await harness.send(.put, path, #"{"enabled":false,"participants":["alice"],"reason":"hold"}"#)
        #expect(shut.status == 200)
        #expect(shut.text.hasPrefix(#"{"enabled":false,"reason":"api","note":"hold","since":"#))
        #expect(
            harness.sessions.lastCall
                == .setAudioInput(
                    AudioInputChange(enabled: false, participants: ["alice"], note: "hold"), actor: "dev"))
        let open = try await harness.send(.put, path, #"{"enabled":true}"#)
        #expect(open.text.hasPrefix(#"{"enabled":true,"reason":"policy","note":null,"#))
        #expect(harness.sessions.lastCall == .setAudioInput(AudioInputChange(enabled: true), actor: "dev"))
    }

    @Test(arguments: [
        ("{}", ["enabled"]), (#"{"enabled":"no"}"#, ["enabled"]), (#"{"enabled":null}"#, ["enabled"]),
        (#"{"enabled":true,"participants":[]}"#, ["participants"]),
        (#"{"enabled":true,"participants":"all"}"#, ["participants"]),
        (
            #"{"enabled":true,"participants":["a","",3,"a"]}"#,
            ["participants[1]", "participants[2]", "participants[3]"]
        ),
        (#"{"enabled":true,"reason":"a\nb"}"#, ["reason"]), (#"{"enabled":true,"note":"x"}"#, ["note"]),
    ])
    func put_withBadBody_is400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.put, "\(try await harness.session())/audio-input", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func put_takesAHundredParticipantsAndNoMore() async throws {
        let path = "\(try await harness.session())/audio-input"
        func status(_ count: Int) async throws -> Int {
            let names = (0..<count).map { "\"p\($0)\"" }.joined(separator: ",")
            return try await harness.send(.put, path, #"{"enabled":true,"participants":[\#(names)]}"#).status
        }
        #expect(try await status(100) == 200)
        #expect(try await status(101) == 400)
    }

    @Test func ofASessionThatIsOver_canBeReadAndNotSet() async throws {
        let path = try await harness.session()
        _ = try await harness.send(.delete, path)
        #expect(try await harness.send(.get, "\(path)/audio-input").status == 200)
        #expect(try await harness.send(.put, "\(path)/audio-input", #"{"enabled":true}"#).status == 409)
    }

    @Test func incidents_pageNewestFirst() async throws {
        let path = try await harness.session()
        let id = try #require(SessionID(path.split(separator: "/").last ?? ""))
        let turn = TurnID(at: FakeSessions.start)
        harness.sessions.configure { state in
            state.incidents = (1...3).map { seq in
                Incident(
                    sessionID: id, seq: seq, at: FakeSessions.start, finding: .noFrames, participant: "alice",
                    turnID: seq == 3 ? turn : nil, detail: "none for 1200 ms", healed: seq != 1)
            }
        }
        let first = try await harness.send(.get, "\(path)/incidents?limit=1")
        #expect(
            first.text == """
                {"data":[{"session_id":"\(id)","seq":3,"at":"2026-11-22T10:31:07.123456Z","finding":"no_frames",\
                "participant":"alice","turn_id":"\(turn)","detail":"none for 1200 ms","healed":true}],\
                "next_cursor":"i1-3"}
                """)
        let rest = try await harness.send(.get, "\(path)/incidents?cursor=i1-3")
        #expect(harness.sessions.lastCall == .incidents(IncidentQuery(before: 3)))
        #expect(try #require(try rest.json()["data"] as? [[String: Any]]).count == 2)
        #expect(rest.text.hasSuffix(#""next_cursor":null}"#))
    }

    @Test(arguments: ["cursor=i1-", "cursor=i1--3", "cursor=t1-3", "cursor=i1-1234567890123456789"])
    func incidents_withAForeignCursor_are400(_ query: String) async throws {
        let answer = try await harness.send(.get, "\(try await harness.session())/incidents?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["cursor"])
    }
}
