import HTTPServer
import Testing

@Suite struct MessageTests {
    @Test func headers_ignoreCaseAndKeepOrder() {
        var headers: HTTPHeaders = ["A": "1", "b": "2", "a": "3"]
        #expect(headers["A"] == "1" && headers["B"] == "2" && headers["c"] == nil)
        #expect(headers.all("a") == ["1", "3"])
        headers.replace("A", "4")
        #expect(headers.map(\.value) == ["4", "2"])
        headers.add("C", "5")
        headers["b"] = nil
        headers["D"] = "6"
        #expect(headers.map(\.name) == ["A", "C", "D"])
        #expect(headers == ["a": "4", "c": "5", "d": "6"])
        #expect(headers != ["a": "4", "c": "5", "d": "7"])
        // Letters only: '@' and '`' differ by the same bit.
        #expect((["@": "1"] as HTTPHeaders)["`"] == nil)
    }

    @Test func query_isDecodedInOrder() {
        let query = HTTPQuery("b=1&a=x%20y&a=x+y&flag&=v&c=%3D%26=&&d=%c3%a9")
        #expect(query.map(\.name) == ["b", "a", "a", "flag", "", "c", "d"])
        #expect(query.all("a") == ["x y", "x y"])
        #expect(query["flag"] == "" && query["c"] == "=&=" && query["d"] == "é")
        #expect(query.undecodable.isEmpty)
        #expect(HTTPQuery().items.isEmpty)
    }

    @Test(arguments: ["a=%", "a=%1", "%g1=x", "a=%ff", "a=%00", "a=%c3%28"])
    func brokenQueryItem_isReported(item: String) {
        let query = HTTPQuery("good=1&\(item)"[...])
        #expect(query["good"] == "1")
        #expect(query.items.count == 1)
        #expect(query.undecodable == [item])
    }

    @Test(
        arguments: [
            ("/", "/", "", [""]), ("/a/b?c=d?e", "/a/b", "c=d?e", ["a", "b"]), ("/a%2Fb/", "/a%2Fb/", "", ["a/b", ""]),
            ("*", "*", "", []), ("http://h:1/x?y", "/x", "y", ["x"]), ("HTTPS://h", "/", "", [""]),
            ("http://h?q", "/", "q", [""]), ("/a#f?x", "/a", "", ["a"]), ("/%", "/%", "", nil),
        ] as [(String, String, String, [String]?)])
    func target_isTakenApart(raw: String, path: String, query: String, segments: [String]?) throws {
        let target = try #require(HTTPTarget(raw))
        #expect(target.raw == raw && target.path == path && target.rawQuery == query)
        #expect(target.segments == segments)
    }

    @Test(arguments: [
        "", "a", "a/b", "/a b", "/é", "/\u{7f}", "/\n", "http://", "http:///a", "?a", "ftp://h/", "host:443",
    ])
    func notATarget_isNone(raw: String) {
        #expect(HTTPTarget(raw) == nil)
    }

    @Test(arguments: HTTPFrontError.allCases)
    func frontErrors_haveAnErrorStatus(error: HTTPFrontError) {
        #expect((400...599).contains(error.status))
        #expect((error.retryAfterSeconds != nil) == (error.status == 503))
    }
}
