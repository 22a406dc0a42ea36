import Domain
import Foundation
import HTTPServer
import Testing

@testable import ControlAPI

/// Pages of the history that nothing can change any more.
struct PastPageTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    private func fill(_ path: String, more: Bool = true) throws {
        let session = try #require(SessionID(path.split(separator: "/").last ?? ""))
        let place = HistoryPosition(at: FakeSessions.start, session: session, seq: 2)
        harness.history.configure {
            $0.page = HistoryPage(rows: Array(#"[{"seq":1},{"seq":2}]"#.utf8), next: more ? place : nil)
        }
    }

    private var asked: Int { harness.history.queryCount }

    @Test func fullPageOfASession_isReadOnce() async throws {
        let path = try await harness.session()
        try fill(path)
        let first = try await harness.send(.get, "\(path)/agent-states?limit=2")
        let again = try await harness.send(.get, "\(path)/agent-states?limit=2")
        #expect(asked == 1 && first.status == 200 && again.status == 200)
        #expect(again.text == first.text && first.text.contains(#""seq":2"#))
        #expect(try again.header("Content-Type") == "application/json")
        #expect(try again.header("Vary") == "Accept")
        #expect(try again.header("ETag") == first.header("ETag"))
        #expect(try again.header("Cache-Control") == "private, no-cache")
        _ = try await harness.send(.get, "\(path)/agent-states?limit=3")
        #expect(asked == 2)
    }

    @Test func knownPage_is304_withNothingInIt() async throws {
        let path = try await harness.session()
        try fill(path)
        let tag = try await harness.send(.get, "\(path)/agent-states").header("ETag")
        for known in [tag, "W/\(tag)", #""other", \#(tag)"#, "*"] {
            let answer = try await harness.send(.get, "\(path)/agent-states", headers: ["If-None-Match": known])
            #expect(answer.status == 304 && answer.bytes.isEmpty && answer.response.headers["Content-Type"] == nil)
            #expect(try answer.header("ETag") == tag)
        }
        let other = try await harness.send(.get, "\(path)/agent-states", headers: ["If-None-Match": "\"other\""])
        #expect(other.status == 200 && !other.bytes.isEmpty)
    }

    @Test func tag_isOfTheBytes() async throws {
        let path = try await harness.session()
        try fill(path)
        let tag = try await harness.send(.get, "\(path)/agent-states").header("ETag")
        // Another process, which has not read the page yet.
        let other = try APIHarness()
        let otherPath = try await other.session()
        other.history.configure { $0.page = harness.history.presentPage }
        let first = try await other.send(.get, "\(otherPath)/agent-states", headers: ["If-None-Match": tag])
        #expect(first.status == 304)
    }

    @Test func whatMayStillChange_isReadEachTime_andHasNoTag() async throws {
        let path = try await harness.session()
        try fill(path, more: false)
        var count = asked
        for target in ["\(path)/agent-states", "\(path)/agent-states"] {
            let answer = try await harness.send(.get, target)
            #expect(answer.response.headers["ETag"] == nil)
            #expect(try answer.header("Cache-Control") == "no-store")
            count += 1
            #expect(asked == count)
        }
        try fill(path)
        // Newest first, new rows come before; across sessions, one may be written late.
        for target in ["\(path)/agent-states?order=desc", "/v1/agent-states"] {
            for _ in 1...2 {
                #expect(try await harness.send(.get, target).response.headers["ETag"] == nil)
                count += 1
                #expect(asked == count)
            }
        }
    }

    @Test func pageAfterACursor_isOfThePast_inBothOrders() async throws {
        let path = try await harness.session()
        try fill(path)
        let cursor = try #require(
            try await harness.send(.get, "\(path)/agent-states").json()["next_cursor"] as? String)
        let before = asked
        for order in ["asc", "desc"] {
            for _ in 1...2 {
                let answer = try await harness.send(.get, "\(path)/agent-states?order=\(order)&cursor=\(cursor)")
                #expect(answer.response.headers["ETag"] != nil)
            }
        }
        #expect(asked == before + 2)
    }

    @Test func keptPages_areBoundedInBytes_andWhatIsAskedForStays() {
        let pages = PastPages(bytes: 1000)
        let session = SessionID(uuid: UUID())
        func query(_ limit: Int) -> HistoryQuery { HistoryQuery(session: session, limit: limit) }
        for limit in 1...100 {
            _ = pages.keep([UInt8](repeating: 1, count: 100), for: query(limit))
            #expect(limit < 5 || pages.page(query(3)) != nil)
        }
        #expect((1...100).count { pages.page(query($0)) != nil } <= 10)
        #expect(pages.page(query(100))?.body.count == 100 && pages.page(query(50)) == nil)
    }
}
