import CMicrohttpd
import Synchronization

/// One accepted connection: whose turn it is, and since when.
///
/// The descriptor belongs to the doorway first and to libmicrohttpd afterwards.
/// Everything done to it from elsewhere is done under the lock while `isOpen`,
/// and libmicrohttpd closes it only after `isOpen` was cleared: a number that
/// was given to somebody else in the meantime is never touched.
final class Connection: Sendable {
    enum Phase {
        /// Before its first head is complete; libmicrohttpd does not know it yet.
        case arriving
        /// Between two requests.
        case idle
        /// A request line has come, the head is not complete.
        case head
        /// The head is complete, the body is not.
        case body
        /// The head is complete, and the handler at work while the body comes. Its deadlines are the upload's.
        case upload
        /// The request is complete and not yet answered to its last byte.
        case handling
        /// Refused; whatever else comes is not looked at.
        case over
    }

    private struct State {
        var phase = Phase.arriving
        var since: ContinuousClock.Instant
        var isOpen = true
        var isHalfClosed = false
        var exchange: Exchange?
    }

    let descriptor: Int32
    /// Unique in the server's life; the descriptor is its lower half.
    let key: UInt64
    let address: SocketAddress
    let remoteAddress: String?
    private let state: Mutex<State>

    init(descriptor: Int32, serial: UInt32, address: SocketAddress) {
        self.descriptor = descriptor
        self.key = UInt64(serial & 0x3FFF_FFFF) << 32 | UInt64(UInt32(bitPattern: descriptor))
        self.address = address
        remoteAddress = address.host
        state = Mutex(State(since: .now))
    }

    var phase: Phase { state.withLock { $0.phase } }

    /// Goes on to the next phase; `false` when the connection was refused meanwhile.
    func advance(to phase: Phase, _ exchange: Exchange? = nil, at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.phase != .over, state.isOpen else { return false }
            state.phase = phase
            state.since = now
            state.exchange = exchange
            return true
        }
    }

    /// libmicrohttpd or the doorway is about to close the descriptor.
    func close() {
        state.withLock { state in
            state.isOpen = false
            state.exchange = nil
        }
    }

    /// The client has closed its side: what is being made for it is called off,
    /// and the connection does not wait for another request.
    func clientHasGone() {
        let exchange = state.withLock { state in
            state.isHalfClosed = true
            return state.phase == .handling || state.phase == .upload ? state.exchange : nil
        }
        exchange?.clientHasGone()
    }

    /// The exchange whose body is read while it comes.
    var uploading: Exchange? {
        state.withLock { $0.phase == .upload ? $0.exchange : nil }
    }

    /// Closes a connection that waits for its next request.
    func shutDownIfIdle() {
        state.withLock { state in
            guard state.isOpen, state.phase == .idle else { return }
            state.phase = .over
            front_shut_down(descriptor)
        }
    }

    /// Nothing more goes out or comes in; `false` when it is closed already.
    func shutDown() -> Bool {
        state.withLock { state in
            guard state.isOpen else { return false }
            state.phase = .over
            front_shut_down(descriptor)
            return true
        }
    }

    /// What is overdue, and the exchange it concerns: the phase becomes `over`.
    func takeOverdue(_ limits: HTTPLimits, at now: ContinuousClock.Instant) -> (Phase, Exchange?)? {
        state.withLock { state in
            let allowed: Duration
            switch state.phase {
            case .arriving, .head: allowed = limits.headersDeadline
            case .body: allowed = limits.bodyDeadline
            // Not at once: a last request may be on its way through libmicrohttpd's buffer.
            case .idle: allowed = state.isHalfClosed ? min(.milliseconds(200), limits.idleTimeout) : limits.idleTimeout
            case .upload, .handling, .over: return nil
            }
            guard state.isOpen, now - state.since > allowed else { return nil }
            defer { state.phase = .over }
            return (state.phase, state.exchange)
        }
    }

    /// Writes last words past libmicrohttpd, which is only reading at this time, and ends the connection.
    func finish(_ lastWords: [UInt8]) {
        state.withLock { state in
            guard state.isOpen else { return }
            state.phase = .over
            _ = Self.send(descriptor, lastWords)
            front_shut_down(descriptor)
        }
    }

    /// Writes last words past libmicrohttpd, ends the writing, and gives a second
    /// descriptor of the same socket, to be drained until the client is done:
    /// closing with bytes unread would make the kernel reset the connection, and
    /// the client lose the answer. `nil` when there is none.
    func refuse(_ lastWords: [UInt8]) -> Int32? {
        state.withLock { state in
            guard state.isOpen else { return nil }
            state.phase = .over
            _ = Self.send(descriptor, lastWords)
            let second = front_duplicate(descriptor)
            if second < 0 { front_shut_down(descriptor) } else { front_shut_down_writing(descriptor) }
            return second >= 0 ? second : nil
        }
    }

    /// One try: a fresh socket's buffer takes a refusal as a whole.
    static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { front_send(descriptor, $0.baseAddress, $0.count) }
    }
}
