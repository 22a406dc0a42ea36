import Foundation
import Synchronization
import TestSupport

/// Very many clients of one port, all looked after by one thread with `poll`.
final class StreamCrowd: Sendable {
    private struct State {
        var sockets: [Int32] = []
        var received: [[UInt8]] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private let port: Int

    init(port: Int) { self.port = port }

    deinit { state.withLock(\.sockets).forEach { _ = Foundation.close($0) } }

    /// How many have got something, and nobody was hung up on.
    var served: Int { state.withLock { $0.received.count { !$0.isEmpty } } }
    var received: [[UInt8]] { state.withLock(\.received) }
    var bytes: Int { state.withLock { $0.received.reduce(0) { $0 + $1.count } } }

    /// Connects `count` more, each with this request.
    func join(_ count: Int, _ request: String) throws {
        for _ in 0..<count {
            // SOCK_STREAM with SOCK_CLOEXEC, as in LiveConnection.
            let socket = Foundation.socket(AF_INET, 0x80001, 0)
            guard socket >= 0 else { throw POSIXError(.EMFILE) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
            let sent = Array(request.utf8).withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0x4000) }
            guard sent == request.utf8.count else { throw POSIXError(.EPIPE) }
            state.withLock { state in
                state.sockets.append(socket)
                state.received.append([])
            }
        }
    }

    func leave() { state.withLock { $0.isOver = true } }

    /// Reads for all of them, until `leave`. Blocks its thread.
    func listen() {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let (sockets, isOver) = state.withLock { ($0.sockets, $0.isOver) }
            if isOver { return }
            var list = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&list, nfds_t(list.count), 20) > 0 else { continue }
            for (index, entry) in list.enumerated() where entry.revents != 0 {
                // MSG_DONTWAIT
                let count = recv(entry.fd, &buffer, buffer.count, 0x40)
                state.withLock { state in
                    if count > 0 { state.received[index] += buffer[0..<count] }
                    // The other end has hung up: poll would not rest any more.
                    if count == 0 { state.sockets[index] = -1 }
                }
            }
        }
    }
}
