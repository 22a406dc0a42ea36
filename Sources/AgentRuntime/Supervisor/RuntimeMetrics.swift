import Domain
import Metrics

/// What the runtime counts.
public struct RuntimeMetrics: Sendable {
    let notifications: MetricFamily<Counter>
    let notificationDuration: Histogram
    let rpcInvocations: MetricFamily<Counter>
    let rpcDuration: MetricFamily<Histogram>
    let reconnects: Counter

    /// Enters the runtime's metrics into `registry`.
    public init(registry: MetricsRegistry) {
        notifications = registry.counter(
            "turngate_turn_notifications_total", help: "Turn notifications by the recipient's outcome.",
            labels: ["outcome"])
        notificationDuration = registry.histogram(
            "turngate_turn_notification_duration_seconds", help: "From a turn notification to its complete receipt."
        ).labelled()
        rpcInvocations = registry.counter(
            "turngate_rpc_invocations_total",
            help: "RPC invocations of the agent's methods (in) and of the participants' (out).",
            labels: ["direction", "outcome"])
        rpcDuration = registry.histogram(
            "turngate_rpc_duration_seconds", help: "How long RPC invocations took.", labels: ["direction"])
        reconnects = registry.counter(
            "turngate_session_reconnects_total", help: "Room connections that broke and were had again."
        ).labelled()
    }

    func recordCall(_ receipt: RecipientReceipt, isNotification: Bool) {
        rpcInvocations.labelled("out", receipt.outcome.rawValue).increment()
        if isNotification { notifications.labelled(receipt.outcome.rawValue).increment() }
        if let latency = receipt.latency { rpcDuration.labelled("out").observe(latency.seconds) }
    }

    func recordInvocation(latency: Duration, error: RPCError?) {
        rpcInvocations.labelled("in", error == nil ? "answered" : "failed").increment()
        rpcDuration.labelled("in").observe(latency.seconds)
    }
}
