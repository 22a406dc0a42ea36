import Foundation
import Synchronization

/// A server on 127.0.0.1 and a free port that does with each connection what the
/// test says, byte for byte: what no well-behaved HTTP server could be made to do.
public final class LocalServer: Sendable {
    /// What kept it from starting.
    public struct Failure: Error {
        /// Which call failed.
        public let step: String
    }

    private struct State {
        var open: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }

    /// The port, of the system's choice.
    public let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())

    /// `http://127.0.0.1:PORT`
    public var url: String { "http://127.0.0.1:\(port)" }
    /// How many connections have come so far.
    public var accepted: Int { state.withLock { $0.accepted } }

    /// Starts it. `handler` runs on a thread of the connection's own, which is
    /// closed when it returns.
    public init(_ handler: @escaping @Sendable (LocalConnection) -> Void) throws {
        (listener, port) = try Self.listen()
        Thread.detachNewThread { [self] in acceptAll(handler) }
    }

    /// A server that answers each request of each connection with `answer`.
    public static func answering(
        _ answer: @escaping @Sendable (LocalConnection, LocalConnection.Request) -> Void
    ) throws -> LocalServer {
        try LocalServer { connection in
            while let request = connection.readRequest() { answer(connection, request) }
        }
    }

    /// Ends all connections. Waits for no handler, as tests call it on the tasks' pool.
    public func stop() {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// A port on which nobody listens.
    public static func unusedPort() throws -> UInt16 {
        let (descriptor, port) = try listen()
        close(descriptor)
        return port
    }

    private static func listen() throws -> (Int32, UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            guard bind(descriptor, pointer, length) == 0, Foundation.listen(descriptor, 128) == 0 else { return -1 }
            return getsockname(descriptor, pointer, &length)
        }
        guard outcome == 0 else { throw Failure(step: "bind") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    private func acceptAll(_ handler: @escaping @Sendable (LocalConnection) -> Void) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let isTaken = state.withLock { state in
                guard !state.isStopped else { return false }
                state.accepted += 1
                state.open.insert(descriptor)
                return true
            }
            guard isTaken else {
                close(descriptor)
                break
            }
            serve(descriptor, handler)
        }
        close(listener)
    }

    private func serve(_ descriptor: Int32, _ handler: @escaping @Sendable (LocalConnection) -> Void) {
        var limit = timeval(tv_sec: 90, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        Thread.detachNewThread { [self] in
            handler(LocalConnection(descriptor: descriptor))
            state.withLock { state in
                state.open.remove(descriptor)
                // Ends the connection also where a child of another test has inherited it.
                shutdown(descriptor, Int32(SHUT_RDWR))
                close(descriptor)
            }
        }
    }
}
