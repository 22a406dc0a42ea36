import Domain
import HTTPServer
import Metrics
import Synchronization

/// Counts and times the requests of one route. Its instruments come to be at
/// their first use, and are kept here: to look each up among all, by its labels,
/// would cost as much as many an answer.
final class RouteMetrics: Sendable {
    private struct Instruments {
        var counters: [(method: HTTPMethod, status: Int, counter: Counter)] = []
        var duration: Histogram?
    }

    /// The route's pattern.
    let route: String
    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>
    private let instruments = Mutex(Instruments())

    private static let knownMethods: Set<HTTPMethod> = [.get, .head, .post, .put, .patch, .delete, .options]

    init(_ route: String, _ requests: MetricFamily<Counter>, _ durations: MetricFamily<Histogram>) {
        self.route = route
        self.requests = requests
        self.durations = durations
    }

    func record(_ method: HTTPMethod, status: Int, duration: Duration) {
        let (counter, histogram) = instruments.withLock { kept -> (Counter, Histogram) in
            (self.counter(method, status, &kept), self.histogram(&kept))
        }
        counter.increment()
        histogram.observe(duration.seconds)
    }

    private func counter(_ method: HTTPMethod, _ status: Int, _ instruments: inout Instruments) -> Counter {
        if let known = instruments.counters.first(where: { $0.status == status && $0.method == method }) {
            return known.counter
        }
        let counter = requests.labelled(route, Self.name(of: method), String(status))
        // Methods that nobody knows have one counter, and no places of their own here.
        if Self.knownMethods.contains(method) {
            instruments.counters.append((method: method, status: status, counter: counter))
        }
        return counter
    }

    private func histogram(_ instruments: inout Instruments) -> Histogram {
        if let known = instruments.duration { return known }
        let histogram = durations.labelled(route)
        instruments.duration = histogram
        return histogram
    }

    static func name(of method: HTTPMethod?) -> String {
        guard let method, knownMethods.contains(method) else { return "other" }
        return method.rawValue
    }
}
