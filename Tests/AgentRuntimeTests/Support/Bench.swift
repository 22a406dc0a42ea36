import AgentRuntime
import Domain
import Foundation
import Logging
import Metrics
import TestSupport

/// A supervisor with everything around it that a test commands.
struct Bench {
    let room: FakeRoom
    let store = ScriptedStore()
    let journal = ScriptedJournal()
    let handlers = ScriptedHandlers()
    let clock: ManualClock
    let metrics = MetricsRegistry()
    let supervisor: SessionSupervisor

    /// The methods that every session has, sorted.
    static let builtins = ["cancel_turn", "end_turn", "get_turn_state", "start_turn"]
    /// Who sleeps while nothing happens: the watchdog of the one session.
    static let idleSleepers = 1

    /// The room is told each change of attributes at once, unless a test says
    /// otherwise: most count who sleeps.
    init(limits: RuntimeLimits = RuntimeLimits(), attributePace: Duration = .zero) {
        var limits = limits
        limits.attributePace = attributePace
        clock = ManualClock()
        room = FakeRoom(clock: clock)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        supervisor = SessionSupervisor(
            context: RuntimeContext(
                runtime: RuntimeID(uuid: UUID()), connector: room, store: store, journal: journal,
                handlers: handlers, makeWebhookSecret: { "whsec_\(UUID())" }, clock: clock,
                metrics: RuntimeMetrics(registry: metrics), limits: limits, logger: logger))
    }

    /// A session whose agent is in the room.
    func activeSession(_ spec: SessionSpec = SessionSpec(room: "support")) async throws -> Session {
        try await supervisor.create(spec, actor: "test", wait: .seconds(5))
    }

    func status(_ id: SessionID) async throws -> SessionStatus { try await supervisor.session(id).status }

    func end(of id: SessionID) async -> SessionEnd? {
        journal.progress.last { $0.id == id && $0.status.isFinal }?.end
    }
}
