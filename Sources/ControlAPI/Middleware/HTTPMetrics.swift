import Domain
import HTTPServer
import Metrics

/// Counts and times the requests, by route pattern: no id, and nothing else
/// that a caller chooses, becomes a label.
struct HTTPMetrics: Sendable {
    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>

    /// The route of requests that no route took.
    static let unmatched = "unmatched"

    private static let knownMethods: Set<HTTPMethod> = [.get, .head, .post, .put, .patch, .delete, .options]

    init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "turngate_http_requests_total", help: "HTTP requests answered.", labels: ["route", "method", "status"])
        durations = registry.histogram(
            "turngate_http_request_duration_seconds",
            help: "Time from a request's arrival to its answer's head.", labels: ["route"])
    }

    func record(route: String, method: HTTPMethod, status: Int, duration: Duration) {
        requests.labelled(route, name(of: method), String(status)).increment()
        durations.labelled(route).observe(duration.seconds)
    }

    /// Counts a request that the front would not take.
    func record(refused status: Int, method: HTTPMethod?) {
        requests.labelled(Self.unmatched, name(of: method), String(status)).increment()
    }

    private func name(of method: HTTPMethod?) -> String {
        guard let method, Self.knownMethods.contains(method) else { return "other" }
        return method.rawValue
    }
}
