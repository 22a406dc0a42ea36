import Foundation

/// The core's connections to the room server, for what the core does not set
/// itself.
///
/// Its messages are small, and the kernel holds a small one back until the one
/// before is acknowledged, which takes the server 40 ms where it has nothing to
/// answer: a join ends with a dozen messages of that kind, and what the agent
/// says first would wait behind them.
struct SignalSockets: Sendable, Equatable {
    /// The server's TCP port.
    private let port: UInt16
    /// So many unused descriptors in a row mean that there are no more; the
    /// kernel always takes the lowest.
    private static let longestGap = 256

    /// To the server at `url`; nil where no port can be told from it.
    init?(url: String) {
        guard let parts = URLComponents(string: url) else { return nil }
        let usual = ["wss", "https"].contains(parts.scheme?.lowercased()) ? 443 : 80
        guard let port = UInt16(exactly: parts.port ?? usual) else { return nil }
        self.port = port
    }

    /// Has them send at once (`TCP_NODELAY`), and what waits in them now too. The
    /// core does not tell its descriptors, so all of the process are looked at,
    /// and those that lead to the server's port are set; that does no harm to
    /// whoever else may have one.
    func sendAtOnce() {
        var gap = 0
        var descriptor: Int32 = 0
        while gap < Self.longestGap {
            switch Self.peerPort(of: descriptor) {
            case .unused: gap += 1
            case .other: gap = 0
            case .port(let found):
                gap = 0
                if found == port { Self.sendAtOnce(descriptor) }
            }
            descriptor += 1
        }
    }

    private enum Peer { case unused, other, port(UInt16) }

    private static func peerPort(of descriptor: Int32) -> Peer {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let answer = withUnsafeMutablePointer(to: &address) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        guard answer == 0 else { return errno == EBADF ? .unused : .other }
        guard [AF_INET, AF_INET6].contains(Int32(address.ss_family)) else { return .other }
        // Both families have the port in the same place.
        let port = withUnsafePointer(to: &address) { storage in
            storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
        }
        return .port(port)
    }

    /// Fails for a socket of another kind, which is as well.
    private static func sendAtOnce(_ descriptor: Int32) {
        var yes: Int32 = 1
        _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
}
