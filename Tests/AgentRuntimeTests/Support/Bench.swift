import AgentRuntime
import Domain
import Foundation
import Logging
import Metrics
import TestSupport

/// A supervisor with everything around it that a test commands.
struct Bench {
    let room = FakeRoom()
    let store = ScriptedStore()
    let journal = ScriptedJournal()
    let clock = ManualClock()
    let metrics = MetricsRegistry()
    let supervisor: SessionSupervisor

    init(limits: RuntimeLimits = RuntimeLimits()) {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        supervisor = SessionSupervisor(
            context: RuntimeContext(
                runtime: RuntimeID(uuid: UUID()), connector: room, store: store, journal: journal, clock: clock,
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
