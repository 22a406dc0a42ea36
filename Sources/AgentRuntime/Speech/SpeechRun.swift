import DequeModule
import Domain
import Synchronization

/// One speech between its upload and its playout: frames go in at one end
/// and out at the other, both waiting for each other within a bound.
final class SpeechRun: Sendable {
    /// What the player gets.
    enum Next {
        case frame(AudioFrame)
        /// All of it was taken.
        case end
        /// There is nothing at the moment; the upload goes on.
        case nothing
    }

    private struct State {
        var speech: Speech
        var frames: Deque<AudioFrame> = []
        var rest: [Int16] = []
        var samples: Int64 = 0
        var isWhole = false
        var isOver = false
        var writer: CheckedContinuation<Void, Never>?
        var reader: CheckedContinuation<Void, Never>?
        /// How many frames the reader waits for.
        var wanted = 1

        /// Whether the reader need not wait any longer.
        var hasEnough: Bool { isWhole || isOver || frames.count >= wanted }
    }

    let id: SpeechID
    /// The trace of the call that brought it, for what comes of its playing.
    let trace = TraceContext.current
    private let capacity: Int
    private let state: Mutex<State>
    /// Open once it was played, stopped, or has failed.
    let done = Latch()
    /// Open once its upload is in, or will never be.
    let taken = Latch()

    init(_ speech: Speech, capacity: Int) {
        id = speech.id
        self.capacity = capacity
        state = Mutex(State(speech: speech))
    }

    /// The speech as it stands.
    var speech: Speech { state.withLock { $0.speech } }
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Whether its upload is in, and was nothing.
    var isEmpty: Bool { state.withLock { $0.isWhole && $0.samples == 0 } }

    // MARK: The upload's end

    /// Takes samples; waits while as much is there as may be. False when nobody
    /// wants more.
    func add(_ samples: [Int16]) async -> Bool {
        state.withLock { state in
            guard !state.isOver else { return }
            state.samples += Int64(samples.count)
            state.speech.durationMs = state.samples * 1000 / Int64(AudioFrame.sampleRate)
            Self.cut(samples, into: &state)
        }
        wakeReader()
        while state.withLock({ !$0.isOver && $0.frames.count >= capacity }), !Task.isCancelled { await waitForRoom() }
        return !isOver
    }

    /// The upload is in.
    func finish() {
        state.withLock { state in
            if !state.rest.isEmpty { state.frames.append(AudioFrame(state.rest)) }
            state.rest = []
            state.isWhole = true
        }
        taken.open()
        wakeReader()
    }

    private static func cut(_ samples: [Int16], into state: inout State) {
        let size = AudioFrame.sampleCount
        var all = state.rest + samples
        let whole = all.count / size * size
        for start in stride(from: 0, to: whole, by: size) {
            state.frames.append(AudioFrame(Array(all[start..<start + size])))
        }
        all.removeFirst(whole)
        state.rest = all
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard !state.isOver, state.frames.count >= capacity, !Task.isCancelled else { return true }
                    state.writer = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            wakeWriter()
        }
    }

    // MARK: The player's end

    /// Whether so many frames are there, or all that will come.
    func has(_ count: Int) -> Bool {
        state.withLock { $0.isWhole || $0.isOver || $0.frames.count >= count }
    }

    /// The next frame, without waiting.
    func next() -> Next {
        let next = state.withLock { state -> Next in
            if state.isOver { return .end }
            if let frame = state.frames.popFirst() { return .frame(frame) }
            return state.isWhole ? .end : .nothing
        }
        wakeWriter()
        return next
    }

    /// Waits until so many frames are there, or all that will come; the upload
    /// has a bound of its own. One waits at a time.
    func wait(for count: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    state.wanted = count
                    guard !state.hasEnough, !Task.isCancelled else { return true }
                    state.reader = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            wakeReader(always: true)
        }
    }

    /// Notes that it is being played.
    func began(at time: Timestamp) {
        state.withLock { state in
            guard !state.isOver, state.speech.status == .queued else { return }
            state.speech.status = .playing
            state.speech.startedAt = time
        }
    }

    /// Notes how much was played; what is over stays as it is.
    func played(_ duration: Duration) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.speech.playedMs = min(max(Int64(duration.milliseconds.rounded()), 0), state.speech.durationMs)
        }
    }

    /// It is over, once; says whether this was the end.
    @discardableResult
    func end(_ status: Speech.Status, at time: Timestamp) -> Bool {
        let isFirst = state.withLock { state in
            guard !state.isOver else { return false }
            state.isOver = true
            state.frames = []
            state.speech.status = status
            state.speech.endedAt = max(time, state.speech.createdAt)
            return true
        }
        taken.open()
        done.open()
        wakeReader()
        wakeWriter()
        return isFirst
    }

    private func wakeReader(always: Bool = false) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard always || state.hasEnough else { return nil }
            defer { state.reader = nil }
            return state.reader
        }?.resume()
    }

    private func wakeWriter() {
        state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }?.resume()
    }
}
