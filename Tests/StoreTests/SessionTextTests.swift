import Domain
import Foundation
import Postgres
import Testing

@testable import Store

/// What a session leaves in writing at its end.
@Suite struct SessionTextTests {
    private func end(_ session: Session, in fixture: StoreFixture) async throws {
        let ticket = try fixture.journal().append([session.ended(after: .milliseconds(2500))])
        #expect(await ticket.outcome(within: .seconds(60)) == .durable)
    }

    private func text(of session: Session, in fixture: StoreFixture) async throws -> String? {
        try await fixture.sessions.text(of: session.id).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aSession_leavesTheAPIsForm_whenItIsOver() async throws {
        let fixture = try await StoreFixture()
        var session = fixture.makeSession(room: "café \"1\"", labels: ["b": "2", "aa": "\t", "B": "\\"])
        session.spec.agent.attributes = ["tier": "gold", "a": ""]
        session.spec.metadata = #"{"z": [1.50],"a":null}"#
        session.spec.maxDuration = .milliseconds(3_600_500)
        let machine = AgentStateMachine(sessionID: session.id, at: session.createdAt)
        try await fixture.sessions.insert(session, first: machine.current, owner: fixture.runtime.id)
        #expect(try await text(of: session, in: fixture) == nil)
        try await end(session, in: fixture)
        let start = "2026-11-22T10:31:07.123456Z"
        let expected = [
            #"{"id":"\#(session.id)","room":"café \"1\"","status":"ended","agent_state":"initializing","#,
            #""agent_state_since":"\#(start)","agent":{"identity":"agent","name":"","sid":null,"metadata":"","#,
            #""attributes":{"a":"","tier":"gold"}},"room_sid":null,"audio_input":{"enabled":false,"#,
            #""reason":"unavailable","note":null,"since":"\#(start)"},"turn":null,"#,
            #""floor":{"holder":null,"queue":[],"offered_to":null},"participants":[],"#,
            #""rpc_methods":["cancel_turn","end_turn","get_turn_state","start_turn"],"turn_policy":{"mode":"manual","#,
            #""notify_on":["listening"],"open_audio_on":["idle","listening"],"close_audio_on":["thinking","speaking"],"#,
            #""notification":{"method":"your_turn_to_speak","payload":"","response_timeout_ms":5000},"#,
            #""pre_roll_ms":500,"max_turn_ms":60000,"closed_gate":"drop","keep_turn_audio":false,"align":"heard","#,
            #""allow_interruptions":true},"labels":{"B":"\\","aa":"\t","b":"2"},"metadata":{"z": [1.50],"a":null},"#,
            #""max_duration_s":3600,"empty_timeout_s":\#(session.spec.emptyTimeout?.components.seconds ?? 0),"#,
            #""created_at":"\#(start)","activated_at":null,"ended_at":"2026-11-22T10:31:09.623456Z","#,
            #""end_reason":"deleted","end_detail":null}"#,
        ]
        #expect(try await text(of: session, in: fixture) == expected.joined())
    }

    @Test(arguments: ["\u{8}", "\u{C}"]) func whatJSONHasTwoSpellingsFor_isNotLeftInWriting(text: String) async throws {
        let fixture = try await StoreFixture()
        let session = try await fixture.insertSession(labels: ["a": text]).session
        try await end(session, in: fixture)
        #expect(try await self.text(of: session, in: fixture) == nil)
        #expect(try await fixture.sessions.session(session.id)?.spec.labels == ["a": text])
    }

    @Test func namesBeyondASCII_areNotLeftInWriting() async throws {
        let fixture = try await StoreFixture()
        let session = try await fixture.insertSession(labels: ["é": "1"]).session
        try await end(session, in: fixture)
        #expect(try await text(of: session, in: fixture) == nil)
    }

    @Test func aMethodThatComesOrGoesAfterTheEnd_takesTheTextWithIt() async throws {
        let fixture = try await StoreFixture()
        let added = try await fixture.insertSession(identity: "a").session
        let removed = try await fixture.insertSession(identity: "b").session
        for session in [added, removed] {
            try await end(session, in: fixture)
            #expect(try await text(of: session, in: fixture) != nil)
        }
        let spec = RPCMethodSpec(name: "late", handler: .echo)
        try await fixture.sessions.insertMethod(
            added.id, RPCMethodReport(spec: spec, builtin: false, registeredAt: StoreFixture.start))
        #expect(try await fixture.sessions.deleteMethod(removed.id, name: "start_turn"))
        for session in [added, removed] { #expect(try await text(of: session, in: fixture) == nil) }
        #expect(try await fixture.sessions.session(added.id)?.rpcMethods.contains("late") == true)
    }

    @Test(arguments: ["SELECT (1 / octet_length(''))::text", "SELECT null::text || repeat('x', 1 << 30)"])
    func aTextThatCannotBeMade_keepsNoSessionFromEnding(body: String) async throws {
        let fixture = try await StoreFixture()
        let session = try await fixture.insertSession().session
        try await fixture.sql("DROP FUNCTION session_text(uuid)")
        try await fixture.sql("CREATE FUNCTION session_text(uuid) RETURNS text LANGUAGE sql AS $$ \(body) $$")
        try await end(session, in: fixture)
        #expect(try await text(of: session, in: fixture) == nil)
        #expect(try await fixture.sessions.session(session.id)?.status == .ended)
    }

    @Test func aText_goesWithItsSession() async throws {
        let fixture = try await StoreFixture()
        let session = try await fixture.insertSession().session
        try await end(session, in: fixture)
        try await fixture.sql("DELETE FROM sessions WHERE id = $1", [.uuid(session.id.uuid)])
        #expect(try await fixture.number("SELECT count(*) FROM session_texts") == 0)
    }
}
