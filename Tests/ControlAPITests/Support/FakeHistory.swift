import Domain
import Synchronization

/// A history that says what it was told to say.
final class FakeHistory: StateHistory {
    struct State {
        var page = HistoryPage(rows: Array("[]".utf8), next: nil)
        var chunks: [String] = ["{\"seq\":1}\n", "{\"seq\":2}\n"]
        var summary: HistorySummary?
        /// Whether every session has a summary, an empty one.
        var summarizesAll = false
        var failure: TurngateError?
        var queries: [HistoryQuery] = []
        var exports: [HistoryFormat] = []
        /// Whether an export begins with what its task is bound to.
        var showsTrace = false
    }

    private let state = Mutex(State())

    var lastQuery: HistoryQuery? { state.withLock { $0.queries.last } }

    var queryCount: Int { state.withLock { $0.queries.count } }
    var presentPage: HistoryPage { state.withLock { $0.page } }

    func configure(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func page(_ query: HistoryQuery) async throws(TurngateError) -> HistoryPage {
        let result: Result<HistoryPage, TurngateError> = state.withLock {
            $0.queries.append(query)
            if let failure = $0.failure { return .failure(failure) }
            return .success($0.page)
        }
        return try result.get()
    }

    func export(
        _ query: HistoryQuery, as format: HistoryFormat, write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let (chunks, showsTrace) = state.withLock {
            $0.exports.append(format)
            return ($0.chunks, $0.showsTrace)
        }
        if showsTrace {
            let line = "trace=\(TraceContext.current?.traceID ?? "") request=\(RequestID.current ?? "")\n"
            try await write(Array(line.utf8))
        }
        for chunk in chunks { try await write(Array(chunk.utf8)) }
    }

    func summary(_ id: SessionID, now: Timestamp) async throws(TurngateError) -> HistorySummary? {
        state.withLock { $0.summary ?? ($0.summarizesAll ? HistorySummary(session: id, states: [], turns: 0) : nil) }
    }
}
