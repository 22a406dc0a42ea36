import Domain
import Foundation
import Testing

struct IdentifierTests {
    @Test func ids_areTwentySixCharactersOfCrockford_andReadBack() throws {
        let uuid = try #require(UUID(uuidString: "0193561c-8a2e-7c3d-9f01-23456789abcd"))
        let id = SessionID(uuid: uuid)
        #expect(id.description == "ses_01JDB1S2HEFGYSY0938NKRKAYD")
        #expect(SessionID(id.description) == id)
        #expect(
            SessionID(
                uuid: UUID(uuid: (255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255))
            ).description
                == "ses_7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    }

    @Test(arguments: [
        "", "ses_", "01JDB1S2HEFGYSY0938NKRKAYD", "ntf_01JDB1S2HEFGYSY0938NKRKAYD", "ses_01JDB1S2HEFGYSY0938NKRKAY",
        "ses_01JDB1S2HEFGYSY0938NKRKAYDD", "ses_81JDB1S2HEFGYSY0938NKRKAYD", "ses_01jdb1s2hefgysy0938nkrkayd",
        "ses_01JDB1S2HEFGYSY0938NKRKAYU", "ses_01JDB1S2HEFGYSY0938NKRKAYé", "SES_01JDB1S2HEFGYSY0938NKRKAYD",
    ])
    func malformedIds_areRefused(text: String) {
        #expect(SessionID(text) == nil)
    }

    @Test func ids_sortByTheTimeTheyWereMade_alsoWithinAMillisecond() {
        let start = Timestamp(microseconds: 1_795_348_800_000_000)
        let ids = (0..<3000).map { SessionID(at: start + .microseconds($0)) }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.description) == ids.map(\.description).sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test func ids_areUUIDsOfVersionSeven() {
        let bytes = SessionID(at: Timestamp(microseconds: 1_795_348_800_123_456)).uuid.uuid
        #expect(bytes.6 >> 4 == 7)
        #expect(bytes.8 >> 6 == 0b10)
        let milliseconds = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5].reduce(0) { $0 << 8 | Int64($1) }
        #expect(milliseconds == 1_795_348_800_123)
    }
}
