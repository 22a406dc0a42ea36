import Domain
import HTTPServer
import Metrics

/// What those who run the service ask for. Open to everybody: probes and
/// scrapers seldom have a key, and nothing here names a room, a session or a
/// participant.
struct OperationsRoutes: Sendable {
    private let probes: [any ReadinessProbe]
    private let metrics: MetricsRegistry
    private let contract: [UInt8]
    private let version: VersionInfo

    init(_ dependencies: Dependencies) {
        probes = dependencies.probes
        metrics = dependencies.metrics
        contract = dependencies.openAPI
        version = dependencies.version
    }

    var endpoints: [Endpoint] {
        [
            .open("/healthz", health), .open("/readyz", readiness), .open("/metrics", scrape),
            .open("/openapi.yaml", openAPI), .open("/v1/version", versionInfo),
        ]
    }

    private func health(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        return .json(JSONWriter.object { $0.member("status", "ok") })
    }

    private struct Finding: Sendable {
        var name: String
        var problem: String?
    }

    private func readiness(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let findings = await ask()
        let isReady = findings.allSatisfy { $0.problem == nil }
        let bytes = JSONWriter.object { writer in
            writer.member("status", isReady ? "ready" : "unavailable")
            writer.key("probes")
            writer.array { writer in
                for finding in findings {
                    writer.object { writer in
                        writer.member("name", finding.name)
                        writer.member("ready", finding.problem == nil)
                        writer.member("problem", finding.problem)
                    }
                }
            }
        }
        return isReady ? .json(bytes) : .json(bytes, status: 503, headers: ["Retry-After": "1"])
    }

    /// All probes at once, each within its own bound, in their order.
    private func ask() async -> [Finding] {
        await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, probe) in probes.enumerated() {
                group.addTask { (index, Finding(name: probe.name, problem: await probe.problem())) }
            }
            var findings: [(Int, Finding)] = []
            for await finding in group { findings.append(finding) }
            return findings.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Prometheus text, and to whoever cannot say what it accepts as well.
    private func scrape(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let offers: [(mediaType: String, offer: MetricsRegistry.Format)] = [
            ("text/plain", .prometheus), ("application/openmetrics-text", .openMetrics),
        ]
        let format = AcceptHeader(request.http.headers).preferred(offers) ?? .prometheus
        return HTTPResponse(
            status: 200, headers: ["Content-Type": format.contentType, "Vary": "Accept"],
            body: .bytes(Array(metrics.text(format).utf8)))
    }

    private func openAPI(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        return HTTPResponse(status: 200, headers: ["Content-Type": "application/yaml"], body: .bytes(contract))
    }

    private func versionInfo(_ request: APIRequest) async throws -> HTTPResponse {
        try request.expectNothing()
        let bytes = JSONWriter.object { writer in
            writer.member("name", "turngate")
            writer.member("version", version.version)
            writer.member("commit", version.commit)
            writer.member("native_core", version.nativeCore)
        }
        return .json(bytes)
    }
}
