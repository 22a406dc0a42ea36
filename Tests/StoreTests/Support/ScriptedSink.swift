import Domain
import Synchronization
import TestSupport

@testable import Store

/// A journal's sink that does what a test says, and remembers what it was
/// asked to write.
final class ScriptedSink: JournalSink {
    typealias Answer = @Sendable ([JournalUnit]) async throws(JournalFailure) -> Void

    private struct State {
        var attempts: [[JournalUnit]] = []
        var isOpen = false
        var wasAsked = false
    }

    private let state = Mutex(State())
    private let answer: Answer

    /// Away until `open` is called, then as `answer` says.
    init(_ answer: @escaping Answer = { _ throws(JournalFailure) in }) { self.answer = answer }

    func open() { state.withLock { $0.isOpen = true } }

    /// Waits until the writer has come with what was appended first.
    func waitUntilAsked() async -> Bool {
        await eventually(within: .seconds(60)) { state.withLock { $0.wasAsked } }
    }

    /// What was asked to be written since it was opened: sizes in units.
    var sizes: [Int] { state.withLock { $0.attempts.map(\.count) } }

    /// The numbers of the transitions of each attempt since it was opened.
    var attempts: [[Int64]] {
        state.withLock { state in
            state.attempts.map { units in
                units.entries.compactMap { if case .transition(let step) = $0 { step.seq } else { nil } }
            }
        }
    }

    func write(_ units: [JournalUnit]) async throws(JournalFailure) -> [HistoryPlace: Timestamp] {
        let isOpen = state.withLock { state in
            state.wasAsked = true
            if state.isOpen { state.attempts.append(units) }
            return state.isOpen
        }
        guard isOpen else { throw .away("not open") }
        try await answer(units)
        return [:]
    }
}
