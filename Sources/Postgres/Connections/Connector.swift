import CPostgres
import Glibc

/// Opens connections with a deadline.
///
/// It blocks, and runs on a thread of its own: libpq's asynchronous connect
/// still looks names up with a blocking getaddrinfo(3), and hashes SCRAM
/// passwords thousands of times, neither of which the loop may wait for.
enum Connector {
    /// Starts an attempt on a new thread; `completion` runs on that thread.
    static func start(
        _ parameters: ConnectionParameters, timeout: Duration,
        completion: @escaping @Sendable (Result<ConnectionHandle, PostgresError>) -> Void
    ) {
        let started = DetachedThread.start {
            completion(connect(parameters, deadline: MonotonicTime.after(timeout)))
        }
        if !started { completion(.failure(PostgresError(.unavailable, reason: "no thread to connect with"))) }
    }

    /// Connects on the calling thread. The connection is nonblocking and
    /// drops notices.
    static func connect(_ parameters: ConnectionParameters, deadline: UInt64) -> Result<ConnectionHandle, PostgresError>
    {
        guard let handle = open(parameters) else {
            return .failure(PostgresError(.unavailable, reason: "out of memory while connecting"))
        }
        var polling = PGRES_POLLING_WRITING
        if PQstatus(handle.pointer) == CONNECTION_BAD { return failure(handle) }
        while polling != PGRES_POLLING_OK {
            guard wait(handle, forWriting: polling == PGRES_POLLING_WRITING, deadline: deadline) else {
                handle.close()
                return .failure(PostgresError(.unavailable, reason: "the server did not answer in time"))
            }
            polling = PQconnectPoll(handle.pointer)
            if polling == PGRES_POLLING_FAILED { return failure(handle) }
        }
        guard PQsetnonblocking(handle.pointer, 1) == 0 else { return failure(handle) }
        return .success(handle)
    }

    private static func open(_ parameters: ConnectionParameters) -> ConnectionHandle? {
        let keywords = parameters.keywords.map { strdup($0) }
        let values = parameters.values.map { strdup($0) }
        defer { (keywords + values).forEach { free($0) } }
        let keywordPointers = keywords.map { UnsafePointer($0) } + [nil]
        let valuePointers = values.map { UnsafePointer($0) } + [nil]
        guard let pointer = PQconnectStartParams(keywordPointers, valuePointers, 1) else { return nil }
        // By default libpq prints the server's notices to stderr.
        PQsetNoticeReceiver(pointer, { _, _ in }, nil)
        return ConnectionHandle(pointer: pointer)
    }

    private static func failure(_ handle: ConnectionHandle) -> Result<ConnectionHandle, PostgresError> {
        let refused = PQconnectionNeedsPassword(handle.pointer) != 0
        var error = PostgresError(
            .unavailable, reason: refused ? "the server wants a password" : "the connection was refused")
        error.unsafeServerMessage = handle.message
        handle.close()
        return .failure(error)
    }

    /// Waits for the socket; false when the deadline passed. The socket may be
    /// another one after each step, as libpq goes through the host's addresses.
    static func wait(_ handle: ConnectionHandle, forWriting: Bool, deadline: UInt64) -> Bool {
        while true {
            var descriptor = pollfd(
                fd: PQsocket(handle.pointer), events: Int16(forWriting ? POLLOUT : POLLIN), revents: 0)
            let ready = poll(&descriptor, 1, MonotonicTime.pollTimeout(until: deadline))
            if ready > 0 { return true }
            if MonotonicTime.now() >= deadline { return false }
        }
    }
}
