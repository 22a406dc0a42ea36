import Domain
import Foundation
import HTTPServer
import Testing

@testable import ControlAPI

struct OperationsTests {
    @Test func health_isOpen() async throws {
        let answer = try await APIHarness().send(.get, "/healthz", authorization: "")
        #expect(answer.status == 200)
        #expect(answer.text == #"{"status":"ok"}"#)
    }

    @Test func readiness_saysWhichProbeFails() async throws {
        let probes = [FakeProbe(name: "database"), FakeProbe(name: "room_server", answer: "no answer")]
        let answer = try await APIHarness(probes: probes).send(.get, "/readyz", authorization: "")
        #expect(answer.status == 503)
        #expect(try answer.header("Retry-After") == "1")
        #expect(
            answer.text == """
                {"status":"unavailable","probes":[{"name":"database","ready":true,"problem":null},\
                {"name":"room_server","ready":false,"problem":"no answer"}]}
                """)
        let ready = try await APIHarness(probes: [FakeProbe(name: "database")]).send(.get, "/readyz", authorization: "")
        #expect(ready.status == 200)
        #expect(try ready.json()["status"] as? String == "ready")
    }

    @Test func metrics_countRequestsByRouteAndNeverByID() async throws {
        let harness = try APIHarness()
        let path = try await harness.session()
        _ = try await harness.send(.get, path)
        _ = try await harness.send(.get, "/nowhere")
        _ = harness.api.frontErrorResponse(.bodyTooLarge, nil)
        let answer = try await harness.send(.get, "/metrics", authorization: "")
        #expect(try answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        let wanted = [
            #"turngate_http_requests_total{route="/v1/sessions/{session}",method="GET",status="200"} 1"#,
            #"turngate_http_requests_total{route="/v1/sessions",method="POST",status="201"} 1"#,
            #"turngate_http_requests_total{route="unmatched",method="GET",status="404"} 1"#,
            #"turngate_http_requests_total{route="unmatched",method="other",status="413"} 1"#,
            #"turngate_http_request_duration_seconds_count{route="/v1/sessions"} 1"#,
        ]
        for line in wanted { #expect(answer.text.contains(line + "\n"), "\(line)") }
        #expect(!answer.text.contains("ses_"))
    }

    @Test func metrics_areOpenMetricsForWhoPrefersIt() async throws {
        let accept: HTTPHeaders = [
            "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3,*/*;q=0.1"
        ]
        let answer = try await APIHarness().send(.get, "/metrics", headers: accept)
        #expect(try answer.header("Content-Type").hasPrefix("application/openmetrics-text; version=1.0.0"))
        #expect(answer.text.hasSuffix("# EOF\n"))
    }

    @Test func contract_isServedByteForByte() async throws {
        let answer = try await APIHarness().send(.get, "/openapi.yaml", authorization: "")
        #expect(answer.bytes == (try Contract.bytes()))
        #expect(try answer.header("Content-Type") == "application/yaml")
    }

    @Test func version_saysWhatRuns() async throws {
        let answer = try await APIHarness().send(.get, "/v1/version", authorization: "")
        #expect(answer.text == #"{"name":"turngate","version":"0.2.0","commit":"abc","native_core":null}"#)
    }

    @Test(arguments: ProblemType.allCases)
    func everyProblem_isExplained(_ type: ProblemType) async throws {
        let answer = try await APIHarness().send(.get, "/problems/\(type.slug)", authorization: "")
        #expect(answer.status == 200)
        #expect(try answer.header("Content-Type") == "text/html; charset=utf-8")
        #expect(answer.text.contains("<h1>\(HTMLPage.escape(type.title))</h1>"))
        #expect(answer.text.contains("status \(type.status)"))
    }

    @Test func unknownProblem_is404() async throws {
        #expect(try await APIHarness().send(.get, "/problems/nope").status == 404)
    }

    @Test func problemsPage_inTheDocs_isUpToDate() throws {
        let url = Contract.url.deletingLastPathComponent().appendingPathComponent("docs/problems.md")
        #expect(try String(contentsOf: url, encoding: .utf8) == ProblemsPage.markdown)
    }

    @Test func docs_withoutTheirFiles_sayWhereTheContractIs() async throws {
        let answer = try await APIHarness().send(.get, "/docs", authorization: "")
        #expect(answer.status == 200)
        #expect(answer.text.contains("href=\"/openapi.yaml\""))
        #expect(try await APIHarness().send(.get, "/docs/swagger-ui.css").status == 404)
    }

    @Test func docs_loadNothingFromElsewhere() async throws {
        let directory = try ViewerFiles()
        defer { directory.remove() }
        let harness = try APIHarness(docs: directory.url)
        let page = try await harness.send(.get, "/docs", authorization: "")
        #expect(page.text.contains("/docs/swagger-ui-bundle.js"))
        #expect(!page.text.contains("://") && !page.text.contains("<script>"))
        let policy = try page.header("Content-Security-Policy")
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; "))
        #expect(!policy.contains("http") && !policy.contains("unsafe-eval"))
        let script = try await harness.send(.get, "/docs/swagger-ui-bundle.js", authorization: "")
        #expect(script.text == "bundle")
        #expect(try script.header("Content-Type") == "text/javascript; charset=utf-8")
        #expect(try await harness.send(.get, "/docs/start.js").text.contains("url: \"/openapi.yaml\""))
    }

    @Test(arguments: [
        "..%2Fsecret", "%2e%2e%2fsecret", "secret", "..", "%2Fetc%2Fpasswd", "swagger-ui.css%2F..%2Fsecret",
        "index.html",
    ])
    func docs_giveOutNoOtherFile(_ name: String) async throws {
        let directory = try ViewerFiles()
        defer { directory.remove() }
        #expect(try await APIHarness(docs: directory.url).send(.get, "/docs/\(name)").status == 404)
    }

    @Test func everyAnswer_carriesItsIDAndKeepsBrowsersOut() async throws {
        let harness = try APIHarness()
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let answer = try await harness.send(
            .get, "/v1/sessions?room=secret-room", headers: ["X-Request-Id": "mine", "traceparent": parent])
        #expect(try answer.header("X-Request-Id") == "mine")
        #expect(try answer.header("traceparent") == parent)
        #expect(try answer.header("X-Content-Type-Options") == "nosniff")
        #expect(try answer.header("Cache-Control") == "no-store")
        #expect(answer.response.headers["Access-Control-Allow-Origin"] == nil)
        let line = harness.log.text
        #expect(line.contains("caller=dev") && line.contains("request_id=mine") && line.contains("route=/v1/sessions "))
        #expect(line.contains("trace_id=0af7651916cd43dd8448eb211c80319c") && line.contains("status=200"))
        #expect(!line.contains("secret-room") && !line.contains("dev-key"))
    }

    @Test(arguments: ["", "has space", "é", String(repeating: "a", count: 129)])
    func requestIDsThatCannotBeEchoed_areReplaced(_ id: String) async throws {
        let answer = try await APIHarness().send(.get, "/healthz", headers: ["X-Request-Id": id])
        #expect(try answer.header("X-Request-Id").hasPrefix("req_"))
    }

    @Test(arguments: [
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "nonsense",
    ])
    func malformedTraceparents_areIgnored(_ value: String) async throws {
        let answer = try await APIHarness().send(.get, "/healthz", headers: ["traceparent": value])
        let made = try #require(TraceContext(try answer.header("traceparent")))
        #expect(!value.contains(made.traceID))
    }
}

/// A directory like the viewer's, with a secret beside it.
private struct ViewerFiles {
    let root: URL
    var url: URL { root.appendingPathComponent("viewer") }

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for (name, text) in [
            ("viewer/swagger-ui-bundle.js", "bundle"), ("viewer/index.html", "x"), ("secret", "s"),
            ("viewer/secret", "s"),
        ] {
            try Data(text.utf8).write(to: root.appendingPathComponent(name))
        }
    }

    func remove() { try? FileManager.default.removeItem(at: root) }
}
