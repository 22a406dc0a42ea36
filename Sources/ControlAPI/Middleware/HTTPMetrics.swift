import Domain
import HTTPServer
import Metrics
import Synchronization

/// Counts and times the requests, by route pattern: no id, and nothing else
/// that a caller chooses, becomes a label.
final class HTTPMetrics: Sendable {
    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let routes = Mutex<[String: RouteMetrics]>([:])

    /// The route of requests that no route took.
    static let unmatched = "unmatched"

    init(_ registry: MetricsRegistry) {
        requests = registry.counter(
            "turngate_http_requests_total", help: "HTTP requests answered.", labels: ["route", "method", "status"])
        durations = registry.histogram(
            "turngate_http_request_duration_seconds",
            help: "Time from a request's arrival to its answer's head.", labels: ["route"])
    }

    /// What counts the requests of a route, by its pattern; to be kept by who
    /// answers for the route.
    func of(_ route: String) -> RouteMetrics {
        routes.withLock { routes in
            if let known = routes[route] { return known }
            let new = RouteMetrics(route, requests, durations)
            routes[route] = new
            return new
        }
    }

    /// Counts a request that the front would not take.
    func record(refused status: Int, method: HTTPMethod?) {
        requests.labelled(Self.unmatched, RouteMetrics.name(of: method), String(status)).increment()
    }
}
