import Domain
import Metrics

/// What the runtime counts.
public struct RuntimeMetrics: Sendable {
    let notifications: MetricFamily<Counter>
    let notificationDuration: Histogram
    let rpcInvocations: MetricFamily<Counter>
    let rpcDuration: MetricFamily<Histogram>
    let reconnects: Counter
    let turns: MetricFamily<Counter>
    let turnStartToFirstFrame: Histogram
    let turnEndToCommit: Histogram
    let gatesOpen: Gauge
    let readerDrops: Counter
    let speeches: MetricFamily<Counter>
    let incidents: MetricFamily<Counter>
    let lostEntries: Counter
    let unloggedInvocations: Counter
    private let framesPassed: Counter
    private let framesDropped: Counter
    private let framesOfPreRoll: Counter

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
        turns = registry.counter("turngate_turns_total", help: "Turns by their outcome.", labels: ["outcome"])
        turnStartToFirstFrame = registry.histogram(
            "turngate_turn_start_to_first_frame_seconds", help: "From the start of a turn to its first live frame."
        ).labelled()
        turnEndToCommit = registry.histogram(
            "turngate_turn_end_to_commit_seconds", help: "From a call that ends a turn to its outcome."
        ).labelled()
        gatesOpen = registry.gauge("turngate_audio_gate_open", help: "Participants who are being heard.").labelled()
        readerDrops = registry.counter(
            "turngate_audio_reader_dropped_frames_total", help: "Frames that readers lost by reading too slowly."
        ).labelled()
        speeches = registry.counter(
            "turngate_speeches_total", help: "What the agent was given to say, by what came of it.", labels: ["status"])
        incidents = registry.counter(
            "turngate_incidents_total", help: "What the sessions' watchdogs found.", labels: ["finding"])
        lostEntries = registry.counter(
            "turngate_journal_lost_entries_total",
            help: "Log lines and events that a full journal did not take."
        ).labelled()
        unloggedInvocations = registry.counter(
            "turngate_rpc_unlogged_invocations_total",
            help: "RPC invocations that were answered and not logged, being too many of one session."
        ).labelled()
        let frames = registry.counter(
            "turngate_audio_frames_total", help: "Frames of 20 ms at the gate by what became of them.",
            labels: ["result"])
        framesPassed = frames.labelled("passed")
        framesDropped = frames.labelled("dropped")
        framesOfPreRoll = frames.labelled("pre_roll")
    }

    /// What became of a frame at the gate.
    enum FrameResult { case passed, dropped, preRoll }

    func frames(_ result: FrameResult, _ count: Int) {
        let counter =
            switch result {
            case .passed: framesPassed
            case .dropped: framesDropped
            case .preRoll: framesOfPreRoll
            }
        counter.increment(by: Double(count))
    }

    func recordCall(_ receipt: RecipientReceipt, isNotification: Bool) {
        rpcInvocations.labelled("out", receipt.outcome.rawValue).increment()
        if isNotification { notifications.labelled(receipt.outcome.rawValue).increment() }
        if let latency = receipt.latency { rpcDuration.labelled("out").observe(latency.seconds) }
    }

    func recordInvocation(latency: Duration, outcome: RPCInvocationRecord.Outcome) {
        rpcInvocations.labelled("in", outcome.rawValue).increment()
        rpcDuration.labelled("in").observe(latency.seconds)
    }
}
