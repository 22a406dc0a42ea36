import Synchronization

/// One connection for one owner, without pipelining: for migrations and other
/// work that needs session state or scripts of several statements.
///
/// Calls run one after the other, each on a short-lived thread. A call whose
/// deadline passes closes the session, as nobody knows what the server is
/// doing by then.
public final class PostgresSession: Sendable {
    private let handle: Mutex<ConnectionHandle?>

    private init(_ handle: ConnectionHandle) {
        self.handle = Mutex(handle)
    }

    deinit {
        handle.withLock { $0?.close() }
    }

    /// Connects, within the configuration's `connectTimeout`.
    ///
    /// - Throws: kind `invalidConfiguration` or `unavailable`.
    public static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError) -> PostgresSession {
        let parameters = try ConnectionParameters(configuration)
        let outcome = await withCheckedContinuation { continuation in
            Connector.start(parameters, timeout: configuration.connectTimeout) { continuation.resume(returning: $0) }
        }
        return PostgresSession(try outcome.get())
    }

    /// Runs a script of any number of statements with the simple protocol. If
    /// one fails the rest is not run, and what came before is undone unless
    /// the script itself committed it.
    ///
    /// - Throws: kind `server`, `timedOut`, `connectionLost`, `closed`, `unexpected` (COPY).
    public func run(script: String, timeout: Duration) async throws(PostgresError) {
        guard !script.utf8.contains(0) else { throw PostgresError(.encoding, reason: "the script contains a NUL byte") }
        _ = try await perform(.script(script), timeout)
    }

    /// Runs one statement and returns its result.
    ///
    /// - Throws: as `run`, and kind `encoding`.
    public func query(
        _ sql: String, _ values: [PostgresValue] = [], timeout: Duration
    ) async throws(PostgresError) -> PostgresResult {
        let results = try await perform(.statement(sql, EncodedParameter.encode(values)), timeout)
        guard let result = results.last else { throw PostgresError(.unexpected, reason: "the answer has no result") }
        return result
    }

    /// Closes the connection; later calls get `closed`.
    public func close() {
        handle.withLock { handle in
            handle?.close()
            handle = nil
        }
    }

    private func perform(_ work: SessionWork, _ timeout: Duration) async throws(PostgresError) -> [PostgresResult] {
        let deadline = MonotonicTime.after(timeout)
        let outcome: SessionWork.Outcome = await withCheckedContinuation { continuation in
            let started = DetachedThread.start { [self] in continuation.resume(returning: perform(work, deadline)) }
            if !started {
                continuation.resume(returning: .failure(PostgresError(.unavailable, reason: "no thread to run on")))
            }
        }
        return try outcome.get()
    }

    private func perform(_ work: SessionWork, _ deadline: UInt64) -> SessionWork.Outcome {
        handle.withLock { handle in
            guard let open = handle else {
                return .failure(PostgresError(.closed, reason: "the session is closed"))
            }
            let outcome = work.run(on: open, deadline: deadline)
            if case .failure(let error) = outcome, error.kind != .server {
                open.close()
                handle = nil
            }
            return outcome
        }
    }
}
