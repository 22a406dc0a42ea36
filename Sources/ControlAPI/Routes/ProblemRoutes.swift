import Domain
import HTTPServer

/// `/problems`: what each problem's `type` leads to.
struct ProblemRoutes: Sendable {
    var endpoints: [Endpoint] { [.open("/problems", index), .open("/problems/{slug}", page)] }

    private func index(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let items = ProblemType.allCases.map { type in
            "<li>\(type.status) <a href=\"/problems/\(type.slug)\">\(type.slug)</a>: \(HTMLPage.escape(type.title))</li>"
        }
        let body = "<h1>Problems</h1>\n<ul>\n\(items.joined(separator: "\n"))\n</ul>"
        return Self.html(HTMLPage(title: "Problems", body: body))
    }

    private func page(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        guard let type = request.http.parameters["slug"].flatMap(ProblemType.init(rawValue:)) else {
            throw TurngateError.notFound(.route)
        }
        let body = """
            <h1>\(HTMLPage.escape(type.title))</h1>
            <p><code>/problems/\(type.slug)</code>, status \(type.status)</p>
            <p>\(HTMLPage.escape(type.explanation))</p>
            <p><a href="/problems">All problems</a></p>
            """
        return Self.html(HTMLPage(title: type.title, body: body))
    }

    private static func html(_ page: HTMLPage) -> HTTPResponse {
        HTTPResponse(
            status: 200, headers: ["Content-Type": "text/html; charset=utf-8"], body: .bytes(page.bytes))
    }
}
