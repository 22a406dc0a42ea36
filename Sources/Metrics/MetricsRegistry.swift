import Synchronization

/// The process's metrics, and how they are written down for Prometheus.
public final class MetricsRegistry: Sendable {
    /// How to write.
    public enum Format: Sendable {
        /// Prometheus text format 0.0.4.
        case prometheus
        /// OpenMetrics 1.0.
        case openMetrics

        /// The `Content-Type` that a scraper is to be told.
        public var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    private let collectors = Mutex<[@Sendable (inout MetricsWriter) -> Void]>([])

    public init() {}

    /// A family of counters; `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Counter> {
        let family = MetricFamily(name: name, help: help, labelNames: labels) { Counter() }
        add { writer in
            writer.family(name, kind: "counter", help: help)
            for (values, counter) in family.all { writer.sample(name, labels, values, counter.value) }
        }
        return family
    }

    /// A family of gauges.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> MetricFamily<Gauge> {
        let family = MetricFamily(name: name, help: help, labelNames: labels) { Gauge() }
        add { writer in
            writer.family(name, kind: "gauge", help: help)
            for (values, gauge) in family.all { writer.sample(name, labels, values, gauge.value) }
        }
        return family
    }

    /// A family of histograms.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], bounds: [Double] = Histogram.secondsBuckets
    ) -> MetricFamily<Histogram> {
        let family = MetricFamily(name: name, help: help, labelNames: labels) { Histogram(bounds: bounds) }
        add { writer in
            writer.family(name, kind: "histogram", help: help)
            for (values, histogram) in family.all { writer.histogram(name, labels, values, histogram) }
        }
        return family
    }

    /// A metric whose samples (label values and value) are read at each
    /// scrape. `kind` is `gauge` or `counter`; `read` must not wait.
    public func observed(
        _ name: String, kind: String = "gauge", help: String, labels: [String] = [],
        read: @escaping @Sendable () -> [(labels: [String], value: Double)]
    ) {
        add { writer in
            writer.family(name, kind: kind, help: help)
            for sample in read() { writer.sample(name, labels, sample.labels, sample.value) }
        }
    }

    /// Everything, written in the order of registration.
    public func text(_ format: Format) -> String {
        var writer = MetricsWriter(format: format)
        for collect in collectors.withLock({ $0 }) { collect(&writer) }
        return writer.finish()
    }

    private func add(_ collector: @escaping @Sendable (inout MetricsWriter) -> Void) {
        collectors.withLock { $0.append(collector) }
    }
}
