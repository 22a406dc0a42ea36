import Glibc
import Synchronization

/// An HTTP/1.1 server over libmicrohttpd.
///
/// Every connection is accepted and its first head looked at by a thread of
/// ours; then libmicrohttpd has it. A handler starts on libmicrohttpd's thread;
/// when it waits, the connection is put aside, and the thread goes on.
///
/// A handler under `HTTPBodyRule.streamed` may answer before the body's end.
/// When at most 64 KiB are left and come within half a second, they are thrown
/// away and the connection goes on. Otherwise the answer is sent at once and
/// the connection ends with it: writing ends, and what the client still sends
/// is thrown away for at most 5 s or 64 MiB, so that it can read the answer.
/// An answer of a stream or of more than 16 KiB waits for the body's end within
/// the body's limits; beyond them the front answers with its own error.
public final class HTTPServer: Sendable {
    private enum Life {
        case new
        case running(port: UInt16?, daemons: [EngineDaemon], doorkeeper: ServerThread)
        case stopped
    }

    private let configuration: HTTPServerConfiguration
    private let core: ServerCore
    private let life = Mutex(Life.new)

    /// A server that does not listen yet.
    /// - Parameters:
    ///   - errorResponse: makes the answer to the front's own errors, of a
    ///     status, headers and a `.bytes` or empty body. The head is `nil` where
    ///     none could be read, and without headers where only the request line could.
    ///   - log: is told what happens, on the network threads: it must not block.
    /// - Throws: `HTTPServerError.system` when the process has no descriptors left.
    public init(
        configuration: HTTPServerConfiguration, handler: any HTTPHandler,
        errorResponse: @escaping @Sendable (HTTPFrontError, HTTPRequestHead?) -> HTTPResponse,
        log: @escaping @Sendable (HTTPServerEvent) -> Void = { _ in }
    ) throws(HTTPServerError) {
        self.configuration = configuration
        core = try ServerCore(
            limits: configuration.limits, bodyRule: configuration.bodyRule, handler: handler,
            errorResponse: errorResponse, log: log)
    }

    /// Opens the addresses and starts to answer.
    public func start() throws(HTTPServerError) {
        try life.withLock { life throws(HTTPServerError) in
            guard case .new = life else { throw .alreadyStarted }
            let listeners = try openListeners()
            do throws(HTTPServerError) {
                life = try open(listeners)
            } catch {
                for listener in listeners { listener.close() }
                throw error
            }
        }
    }

    private func openListeners() throws(HTTPServerError) -> [Listener] {
        var listeners: [Listener] = []
        for address in configuration.addresses {
            do throws(HTTPServerError) {
                listeners.append(try Listener.open(address))
            } catch {
                for listener in listeners { listener.close() }
                throw error
            }
        }
        return listeners
    }

    private func open(_ listeners: [Listener]) throws(HTTPServerError) -> Life {
        var daemons: [EngineDaemon] = []
        for _ in 0..<min(max(configuration.threads, 1), 64) {
            guard let daemon = EngineDaemon.start(core) else {
                daemons.forEach { $0.stop() }
                throw .engineRefused
            }
            daemons.append(daemon)
        }
        do throws(HTTPServerError) {
            let doorkeeper = try ServerThread { [core, daemons] in
                Doorkeeper(core: core, daemons: daemons, listeners: listeners).run()
            }
            // libmicrohttpd holds an unretained pointer to the core; `stop` gives this back.
            _ = Unmanaged.passRetained(core)
            return .running(port: listeners.lazy.compactMap(\.port).first, daemons: daemons, doorkeeper: doorkeeper)
        } catch {
            daemons.forEach { $0.stop() }
            throw error
        }
    }

    /// The port of the first IP address, the real one where 0 was asked for;
    /// `nil` before the start, after the stop and with unix sockets alone.
    public var port: Int? {
        life.withLock { life in
            if case .running(let port, _, _) = life { return port.map(Int.init) }
            return nil
        }
    }

    /// How busy it is now.
    public var gauges: HTTPServerGauges {
        HTTPServerGauges(
            connections: core.connections.count, requestsInFlight: core.handling.load(ordering: .relaxed),
            streams: core.streamCount)
    }

    /// Stops: closes the addresses and idle connections, ends `.end` streams,
    /// and waits for what runs until `deadline` from now. Then the handlers' and
    /// producers' tasks are cancelled, their requests get `HTTPFrontError.stopping`,
    /// and every connection is closed. Calling it again, or without a start, does nothing.
    public func stop(deadline: Duration = .seconds(10)) async {
        let running = life.withLock { life -> (daemons: [EngineDaemon], doorkeeper: ServerThread)? in
            defer { life = .stopped }
            if case .running(_, let daemons, let doorkeeper) = life { return (daemons, doorkeeper) }
            return nil
        }
        guard let running else { return }
        core.errands.post(.closeListeners)
        core.drain()
        await waitUntilQuiet(.now + deadline)
        core.abandonAll()
        // The last answers go out; their clients have half a second to take them.
        await waitUntilQuiet(.now + .milliseconds(500))
        await end(running.daemons, running.doorkeeper)
    }

    private func waitUntilQuiet(_ deadline: ContinuousClock.Instant) async {
        while core.unfinished.load(ordering: .relaxed) > 0, .now < deadline {
            // A task that is itself cancelled still has a server to stop.
            await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
        }
    }

    /// Joins the threads, on one that may block.
    private func end(_ daemons: [EngineDaemon], _ doorkeeper: ServerThread) async {
        await withCheckedContinuation { continuation in
            let finish: @Sendable () -> Void = { [core] in
                core.errands.post(.quit)
                doorkeeper.join()
                daemons.forEach { $0.stop() }
                core.connections.removeAll()
                Unmanaged.passUnretained(core).release()
                continuation.resume()
            }
            do {
                let thread = try ServerThread(finish)
                thread.detach()
            } catch {
                finish()
            }
        }
    }
}
