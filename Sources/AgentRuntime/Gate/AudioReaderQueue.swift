import DequeModule
import Domain
import Synchronization

/// One reader's frames: bounded, and a reader that is too slow loses its own
/// oldest ones.
final class AudioReaderQueue: AudioReading {
    private struct State {
        var frames: Deque<AudioFrame> = []
        var waiter: CheckedContinuation<[AudioFrame]?, Never>?
        var isClosed = false
        var sent: Int64 = 0
        var dropped: Int64 = 0
    }

    /// 5 s.
    static let capacity = 250

    let id: ReaderID
    let participant: String?
    let since: Timestamp
    private let state = Mutex(State())
    private let onClose: @Sendable (ReaderID) -> Void

    init(id: ReaderID, participant: String?, since: Timestamp, onClose: @escaping @Sendable (ReaderID) -> Void) {
        self.id = id
        self.participant = participant
        self.since = since
        self.onClose = onClose
    }

    var report: AudioReaderReport {
        state.withLock {
            AudioReaderReport(
                id: id, participant: participant, since: since, sentFrames: $0.sent, droppedFrames: $0.dropped)
        }
    }

    /// Takes a frame; on the room's audio thread. Says how many were dropped for it.
    func append(_ frame: AudioFrame) -> Int {
        let (waiter, dropped) = state.withLock { state -> (CheckedContinuation<[AudioFrame]?, Never>?, Int) in
            if state.isClosed { return (nil, 0) }
            if let waiter = state.waiter {
                state.waiter = nil
                state.sent += 1
                return (waiter, 0)
            }
            state.frames.append(frame)
            guard state.frames.count > Self.capacity else { return (nil, 0) }
            state.frames.removeFirst()
            state.dropped += 1
            return (nil, 1)
        }
        waiter?.resume(returning: [frame])
        return dropped
    }

    func next() async -> [AudioFrame]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: [AudioFrame]?? = state.withLock { state in
                    if !state.frames.isEmpty {
                        state.sent += Int64(state.frames.count)
                        defer { state.frames = [] }
                        return .some(Array(state.frames))
                    }
                    // Two waits at once would lose one of them: the second ends.
                    if state.isClosed || Task.isCancelled || state.waiter != nil { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            endWait()
        }
    }

    private func endWait() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    /// No frame comes any more; what waits can still be read.
    func finish() {
        state.withLock { $0.isClosed = true }
        endWait()
    }

    func close() {
        finish()
        onClose(id)
    }
}
