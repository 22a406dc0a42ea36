import Domain
import Metrics

/// What the store tells Prometheus. Only what is durable is counted.
public struct StoreMetrics: Sendable {
    let queueDepth: Gauge
    let writeDuration: Histogram
    let written: Counter
    let refused: Counter
    let retried: Counter
    private let transitions: [AgentState: Counter]
    private let durations: [AgentState: Histogram]

    /// 50 ms … 1 h: how long agents stay in a state.
    private static let dwellBuckets: [Double] = [
        0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600,
    ]

    /// Enters the store's metrics into `registry`; once per registry.
    public init(registry: MetricsRegistry) {
        queueDepth = registry.gauge(
            "turngate_store_queue_depth", help: "Journal entries that are not durable yet."
        ).labelled()
        writeDuration = registry.histogram(
            "turngate_store_write_duration_seconds", help: "How long it takes to write one journal batch."
        ).labelled()
        let entries = registry.counter(
            "turngate_store_entries_total", help: "Journal entries by what became of them.", labels: ["result"])
        written = entries.labelled("written")
        refused = entries.labelled("refused")
        retried = entries.labelled("retried")
        let transitions = registry.counter(
            "turngate_agent_state_transitions_total", help: "Durable transitions of agents' states.",
            labels: ["new_state"])
        let durations = registry.histogram(
            "turngate_agent_state_duration_seconds", help: "How long an agent's state lasted, counted when it is left.",
            labels: ["state"], bounds: Self.dwellBuckets)
        self.transitions = Self.perState { transitions.labelled($0) }
        self.durations = Self.perState { durations.labelled($0) }
    }

    /// Counts a transition that is durable now; `previous` is when the state
    /// before it began.
    func count(_ transition: AgentStateTransition, after previous: Timestamp?) {
        transitions[transition.newState]?.increment()
        guard let left = transition.oldState, let previous else { return }
        durations[left]?.observe(max(0, (transition.at - previous).seconds))
    }

    private static func perState<Instrument>(_ make: (String) -> Instrument) -> [AgentState: Instrument] {
        Dictionary(uniqueKeysWithValues: AgentState.allCases.map { ($0, make($0.rawValue)) })
    }
}
