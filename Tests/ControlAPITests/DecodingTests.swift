import Domain
import HTTPServer
import Testing

@testable import ControlAPI

struct DecodingTests {
    private func parse(_ text: String) throws(JSONSyntaxError) -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test func json_keepsNumbersTextAndMembersOrder() throws {
        let text = #"{"b":1.50,"a":[true,false,null,-0,1e5],"c":"é\"\\\n\u0001😀"}"#
        #expect(try parse(text).compactText == text)
        #expect(try parse(" [ ] ").compactText == "[]")
        #expect(try parse(#""\ud83d\ude00\/""#) == .string("😀/"))
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":1,}", "01", "1.", ".5", "-", "+1", "1e", "NaN",
        "\"",
        "\"\\", "\"\\u12\"", "\"\\u+123\"", "[", "{", "1 1", "\"\\ud800\\u0041\"", "1e400", "{\"a\":1,\"\\u0061\":2}",
    ])
    func json_thatIsNone_isRefused(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try parse(text) }
    }

    @Test func json_namesThatOnlyLookAlike_areTwo() throws {
        #expect(try parse("{\"e\u{301}\":1,\"\u{e9}\":2}") == parse("{\"e\u{301}\":1,\"\u{e9}\":2}"))
    }

    @Test func cursors_leadBackToTheirPlaceInTheirListOnly() throws {
        let session = SessionID(at: FakeSessions.start), notification = NotificationID(at: FakeSessions.start)
        let place = HistoryPosition(at: FakeSessions.start, session: session, seq: 42)
        #expect(Cursor.session(Cursor.text(of: session)) == session)
        #expect(Cursor.notification(Cursor.text(of: notification)) == notification)
        #expect(Cursor.history(Cursor.text(of: place)) == place)
        #expect(Cursor.session(Cursor.text(of: notification)) == nil)
        #expect(Cursor.notification(Cursor.text(of: place)) == nil)
        #expect(Cursor.history(Cursor.text(of: session)) == nil)
    }

    @Test func accept_takesTheWordOfTheMostSpecificRange() {
        let header = AcceptHeader(["Accept": "text/*;q=0.3, text/csv;q=0.7, */*;q=0.1"])
        #expect(header.quality(of: "text/csv") == 0.7)
        #expect(header.quality(of: "text/plain") == 0.3)
        #expect(header.quality(of: "application/json") == 0.1)
        #expect(AcceptHeader([:]).quality(of: "text/csv") == 1)
    }
}
