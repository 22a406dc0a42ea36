import Metrics

/// What the deliverer tells Prometheus.
public struct WebhookMetrics: Sendable {
    let delivered: Counter
    let retried: Counter
    let failed: Counter
    let gone: Counter
    let duration: Histogram
    let backlog: Gauge

    /// Enters the metrics into `registry`; once per registry.
    public init(registry: MetricsRegistry) {
        let attempts = registry.counter(
            "turngate_webhook_deliveries_total",
            help: "Attempts to deliver an event to a webhook, by what came of them.", labels: ["outcome"])
        delivered = attempts.labelled("delivered")
        retried = attempts.labelled("retried")
        failed = attempts.labelled("failed")
        gone = attempts.labelled("gone")
        duration = registry.histogram(
            "turngate_webhook_delivery_duration_seconds", help: "How long receivers of webhooks take to answer."
        ).labelled()
        backlog = registry.gauge(
            "turngate_webhook_backlog", help: "Deliveries that wait, of all processes; 100000 means that many or more."
        ).labelled()
    }
}
