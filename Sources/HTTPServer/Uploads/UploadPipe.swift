import CMicrohttpd
import Synchronization

/// The bounded buffer between libmicrohttpd, which pushes a body into it and is
/// suspended while it is full, and the handler that reads it.
///
/// The suspension is made and undone under the lock, as in `StreamPipe`: whoever
/// has closed a pipe knows that its connection is not suspended, nor will be.
/// A piece is always taken whole: what libmicrohttpd kept back it would lose
/// when it sees the client's end first.
final class UploadPipe: Sendable {
    typealias Piece = Result<[UInt8]?, HTTPBodyError>

    enum Status {
        case open
        /// The body has ended.
        case whole
        /// Broken off by us: the handler is to answer, nothing more is read.
        case failed(HTTPBodyError)
        /// The handler has answered: so many bytes more are thrown away.
        case discarding(bytesLeft: Int, until: ContinuousClock.Instant?)
        /// Beyond answering.
        case closed(HTTPBodyError)
    }

    /// What libmicrohttpd's callback does after a piece.
    enum Verdict {
        case goOn
        /// The answer is due, in the middle of the body.
        case cut
        case close
    }

    /// A reader and what it has waited for; resumed without the lock.
    private struct Wakening {
        let reader: CheckedContinuation<Piece, Never>
        let piece: Piece

        func callAsFunction() {
            reader.resume(returning: piece)
        }
    }

    private struct State {
        var status = Status.open
        var buffer: [UInt8] = []
        /// Bytes that have come, over all.
        var received = 0
        var clock: UploadClock
        var isSuspended = false
        var reader: CheckedContinuation<Piece, Never>?
    }

    private let limits: HTTPBodyStreamLimits
    private let engine: EngineConnection
    /// The body's length; `nil` when the client has not said it.
    private let length: Int?
    /// Beyond it the client is held back; the piece that goes beyond is still taken.
    private let fullBytes: Int
    private let state: Mutex<State>

    init(
        _ limits: HTTPBodyStreamLimits, of engine: EngineConnection, length: Int?, pieceBytes: Int,
        at now: ContinuousClock.Instant
    ) {
        self.limits = limits
        self.engine = engine
        self.length = length
        fullBytes = max(HTTPRequestBody.bufferBytes - pieceBytes, 16 * 1024)
        state = Mutex(State(clock: UploadClock(limits, at: now)))
    }

    // MARK: The handler's side

    func read() async throws(HTTPBodyError) -> [UInt8]? {
        if let piece = state.withLock({ takePiece(&$0) }) { return try piece.get() }
        let piece = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let piece: Piece? = state.withLock { state in
                    if let piece = takePiece(&state) { return piece }
                    if Task.isCancelled { return .failure(.cancelled) }
                    guard state.reader == nil else { return .failure(.overlappingRead) }
                    state.reader = continuation
                    return nil
                }
                if let piece { continuation.resume(returning: piece) }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(returning: .failure(.cancelled))
        }
        return try piece.get()
    }

    /// All that has come; `nil` when that is nothing yet.
    private func takePiece(_ state: inout State) -> Piece? {
        switch state.status {
        case .failed(let error), .closed(let error): return .failure(error)
        case .discarding: return .failure(.answered)
        case .whole where state.buffer.isEmpty: return .success(nil)
        case .open where state.buffer.isEmpty: return nil
        case .open, .whole: break
        }
        defer { state.buffer = [] }
        if state.isSuspended {
            state.clock.run(at: .now)
            resume(&state)
        }
        return .success(state.buffer)
    }

    // MARK: libmicrohttpd's side

    func take(_ bytes: UnsafeRawBufferPointer, at now: ContinuousClock.Instant) -> Verdict {
        let (verdict, wakening) = state.withLock { state -> (Verdict, Wakening?) in
            state.received += bytes.count
            switch state.status {
            case .open: return (.goOn, append(bytes, &state, now))
            case .failed: suspend(&state)
            case .discarding(let left, let until):
                guard left >= bytes.count else { return (.cut, nil) }
                state.clock.run(at: now)
                state.status = .discarding(bytesLeft: left - bytes.count, until: until)
            case .closed: return (.close, nil)
            case .whole: break
            }
            return (.goOn, nil)
        }
        wakening?()
        return verdict
    }

    private func append(
        _ bytes: UnsafeRawBufferPointer, _ state: inout State, _ now: ContinuousClock.Instant
    ) -> Wakening? {
        if state.received > limits.bytes {
            defer { suspend(&state) }
            return fail(.tooManyBytes, &state)
        }
        state.buffer.append(contentsOf: bytes)
        state.clock.run(at: now)
        if let reader = state.reader.take(), let piece = takePiece(&state) {
            return Wakening(reader: reader, piece: piece)
        }
        if state.buffer.count >= fullBytes {
            state.clock.stop(at: now)
            suspend(&state)
        }
        return nil
    }

    private func fail(_ error: HTTPBodyError, _ state: inout State) -> Wakening? {
        state.status = .failed(error)
        state.buffer = []
        return state.reader.take().map { Wakening(reader: $0, piece: .failure(error)) }
    }

    /// The body's last byte has come.
    func finish() {
        let reader = state.withLock { state -> CheckedContinuation<Piece, Never>? in
            guard case .open = state.status else { return nil }
            state.status = .whole
            state.clock.stop(at: .now)
            return state.reader.take()
        }
        reader?.resume(returning: .success(nil))
    }

    private func suspend(_ state: inout State) {
        guard !state.isSuspended else { return }
        state.isSuspended = true
        MHD_suspend_connection(engine.pointer)
    }

    private func resume(_ state: inout State) {
        guard state.isSuspended else { return }
        state.isSuspended = false
        MHD_resume_connection(engine.pointer)
    }

    // MARK: Ends from outside

    /// The front gives up on the client when it is overdue; the handler is told.
    /// Whether an answer is due that has waited for the body's end.
    func isCutDue(at now: ContinuousClock.Instant) -> Bool {
        let (isCutDue, wakening) = state.withLock { state -> (Bool, Wakening?) in
            let overdue = state.clock.overdue(at: now)
            switch state.status {
            case .open: return (false, overdue.map { fail($0, &state) } ?? nil)
            case .discarding(_, let until): return (until.map { $0 < now } ?? (overdue != nil), nil)
            case .whole, .failed, .closed: return (false, nil)
            }
        }
        wakening?()
        return isCutDue
    }

    /// The handler has answered: a small rest is thrown away, so that the
    /// connection can go on. `false` when the answer cannot wait for the rest.
    /// - Parameter keepsLimits: the rest may be as long as the body may be.
    func discardRest(keepsLimits: Bool, at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            switch state.status {
            case .whole: return true
            case .failed, .discarding, .closed: return false
            case .open: break
            }
            let most = keepsLimits ? limits.bytes - state.received : Discard.bytes
            if let length, length - state.received > most { return false }
            state.status = .discarding(bytesLeft: most, until: keepsLimits ? nil : now + Discard.longest)
            state.buffer = []
            if state.isSuspended { state.clock.run(at: now) }
            resume(&state)
            return true
        }
    }

    /// Breaks the body off and leaves the connection as it is: its last words are still to come.
    func fail(_ error: HTTPBodyError) {
        let wakening = state.withLock { state -> Wakening? in
            switch state.status {
            case .open, .whole: return fail(error, &state)
            case .failed, .discarding, .closed: return nil
            }
        }
        wakening?()
    }

    /// Nobody reads any more, or ever will. A body that broke off before keeps its reason.
    func close(_ error: HTTPBodyError) {
        let reader = state.withLock { state -> CheckedContinuation<Piece, Never>? in
            switch state.status {
            case .closed: return nil
            case .failed(let first): state.status = .closed(first)
            case .open, .whole, .discarding: state.status = .closed(error)
            }
            state.buffer = []
            resume(&state)
            return state.reader.take()
        }
        reader?.resume(returning: .failure(error))
    }

    /// What the front would say in the handler's place.
    var frontError: HTTPFrontError {
        state.withLock { state in
            switch state.status {
            case .failed(.tooManyBytes): return .bodyTooLarge
            case .discarding(_, nil) where state.received > limits.bytes: return .bodyTooLarge
            case .open, .whole, .failed, .discarding, .closed: return .bodyTimeout
            }
        }
    }
}

/// How much of a body that nobody wants is taken for the connection's sake.
private enum Discard {
    static let bytes = 64 * 1024
    static let longest = Duration.milliseconds(500)
}
