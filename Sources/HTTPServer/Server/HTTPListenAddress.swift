/// Where a server listens.
public enum HTTPListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 address in numbers (without brackets) and a port, 0 for a free one.
    /// `::` takes IPv4 as well.
    case ip(host: String, port: UInt16)
    /// The path of a unix socket, at most 107 bytes.
    case unix(path: String)

    /// Reads `127.0.0.1:8080`, `[::]:8080`, `localhost:8080`, `:8080` (every address) and `unix:/path`.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        let name = text[..<colon]
        let host: Substring
        if name.hasPrefix("["), name.hasSuffix("]") {
            host = name.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else {
            guard !name.contains(":") else { return nil }
            host = name.isEmpty ? "::" : name == "localhost" ? "127.0.0.1" : name
        }
        guard SocketAddress(host: String(host), port: port) != nil else { return nil }
        self = .ip(host: String(host), port: port)
    }

    /// The form that `init(_:)` reads.
    public var description: String {
        switch self {
        case .ip(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
