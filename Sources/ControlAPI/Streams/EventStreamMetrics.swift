import Metrics

/// What the streams of events count.
struct EventStreamMetrics: Sendable {
    let streams: Gauge
    let sent: Counter
    private let closed: [EventStreamEnd: Counter]

    init(_ registry: MetricsRegistry) {
        streams = registry.gauge("turngate_event_streams", help: "Open streams of events.").labelled()
        sent = registry.counter("turngate_events_sent_total", help: "Events sent on streams, once for each reader.")
            .labelled()
        let family = registry.counter(
            "turngate_event_streams_closed_total", help: "Streams of events that have ended.", labels: ["reason"])
        closed = Dictionary(
            uniqueKeysWithValues: EventStreamEnd.allCases.map { ($0, family.labelled($0.rawValue)) })
    }

    func close(_ end: EventStreamEnd) {
        streams.add(-1)
        closed[end]?.increment()
    }
}
