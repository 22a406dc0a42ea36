import CMicrohttpd
import Synchronization

/// The bounded buffer between a stream's producer and libmicrohttpd, which
/// pulls from it and is suspended while there is nothing to pull.
///
/// The suspension is made and undone under the lock, so that whoever has closed
/// a pipe knows that its connection is not suspended any more. libmicrohttpd
/// calls nothing of ours while it holds its own locks, so the order is safe.
final class StreamPipe: Sendable {
    enum Status {
        case open
        case finished
        case failed
        case closed(HTTPStreamClosed)
    }

    private struct State {
        var buffer: [UInt8] = []
        /// Leaves `open` once; only `closed` may still come over `finished` and
        /// `failed`.
        var status = Status.open
        /// The connection while libmicrohttpd has it suspended for want of bytes.
        var suspended: EngineConnection?
        var writer: CheckedContinuation<Void, any Error>?
        var task: Task<Void, Never>?
        var isEnding = false
    }

    private let state = Mutex(State())
    private let onFailure: @Sendable (any Error) -> Void

    init(onFailure: @escaping @Sendable (any Error) -> Void) {
        self.onFailure = onFailure
    }

    // MARK: The producer's side

    func start(_ stream: HTTPBodyStream) {
        let task = Task {
            do {
                try await stream.produce(HTTPBodyWriter(pipe: self))
                finish(nil)
            } catch {
                finish(error)
            }
        }
        let isOver = state.withLock { state in
            state.task = task
            if case .closed = state.status { return true }
            return state.isEnding
        }
        if isOver { task.cancel() }
    }

    func write(_ bytes: ArraySlice<UInt8>) async throws {
        var rest = bytes
        while true {
            try state.withLock { state in
                if state.isEnding { throw HTTPStreamClosed.serverStopping }
                switch state.status {
                case .open: break
                case .closed(let reason): throw reason
                case .finished, .failed: throw HTTPStreamClosed.finished
                }
                let taken = rest.prefix(HTTPBodyWriter.bufferBytes - state.buffer.count)
                state.buffer.append(contentsOf: taken)
                rest = rest.dropFirst(taken.count)
                if !taken.isEmpty { Self.wake(&state) }
            }
            if rest.isEmpty { return }
            try await waitForSpace()
        }
    }

    private func waitForSpace() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready: Result<Void, any Error>? = state.withLock { state in
                    if case .closed(let reason) = state.status { return .failure(reason) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.buffer.count < HTTPBodyWriter.bufferBytes { return .success(()) }
                    guard state.writer == nil else { return .failure(HTTPStreamClosed.finished) }
                    state.writer = continuation
                    return nil
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            takeWriter()?.resume(throwing: CancellationError())
        }
    }

    private func takeWriter() -> CheckedContinuation<Void, any Error>? {
        state.withLock { $0.writer.take() }
    }

    private func finish(_ error: (any Error)?) {
        let hasFailed = state.withLock { state in
            guard case .open = state.status else { return false }
            let isClean = error == nil || state.isEnding
            state.status = isClean ? .finished : .failed
            Self.wake(&state)
            return !isClean
        }
        if hasFailed, let error { onFailure(error) }
    }

    // MARK: libmicrohttpd's side

    /// Copies what is there; suspends the connection when nothing is.
    /// The number of bytes, 0 when suspended, libmicrohttpd's end, or `nil` when the body is broken.
    func read(into target: UnsafeMutableRawBufferPointer, of connection: EngineConnection) -> Int? {
        var writer: CheckedContinuation<Void, any Error>?
        let result: Int? = state.withLock { state in
            switch state.status {
            case .closed, .failed: return nil
            case .finished where state.buffer.isEmpty: return front_reader_end
            case .open where state.buffer.isEmpty:
                state.suspended = connection
                MHD_suspend_connection(connection.pointer)
                return 0
            case .open, .finished: break
            }
            let count = min(target.count, state.buffer.count)
            state.buffer.withUnsafeBytes { target.copyMemory(from: .init(rebasing: $0[..<count])) }
            Self.drop(count, from: &state.buffer)
            writer = state.writer.take()
            return count
        }
        writer?.resume()
        return result
    }

    /// A buffer that has run empty gives back what a burst has made of it: of many
    /// streams, most are silent most of the time.
    private static func drop(_ count: Int, from buffer: inout [UInt8]) {
        if count == buffer.count, buffer.capacity > keptBytes { buffer = [] } else { buffer.removeFirst(count) }
    }

    /// What an empty buffer may keep: two frames of audio at our rate.
    private static let keptBytes = 4096

    // MARK: Ends from outside

    /// Nobody takes bytes any more: the producer is cancelled, the connection cut.
    func close(_ reason: HTTPStreamClosed) {
        let (writer, task) = state.withLock { state in
            if case .closed = state.status {
                return (nil as CheckedContinuation<Void, any Error>?, nil as Task<Void, Never>?)
            }
            state.status = .closed(reason)
            state.buffer = []
            Self.wake(&state)
            return (state.writer.take(), state.task.take())
        }
        writer?.resume(throwing: reason)
        task?.cancel()
    }

    /// The server stops: the producer is cancelled, and its end is a clean one.
    func end() {
        let task = state.withLock { state in
            state.isEnding = true
            return state.task
        }
        task?.cancel()
    }

    private static func wake(_ state: inout State) {
        guard let connection = state.suspended.take() else { return }
        MHD_resume_connection(connection.pointer)
    }
}
