import CMicrohttpd
import Glibc

/// A listening socket. Closing it removes a unix socket's file.
struct Listener: Sendable {
    let descriptor: Int32
    let address: HTTPListenAddress
    private let inode: UInt64

    static func open(_ address: HTTPListenAddress) throws(HTTPServerError) -> Listener {
        switch address {
        case .ip(let host, let port):
            guard let socketAddress = SocketAddress(host: host, port: port) else {
                throw .cannotListen(address, reason: "not a numeric IP address")
            }
            return try bind(address, socketAddress)
        case .unix(let path):
            guard let socketAddress = SocketAddress(unixPath: path) else {
                throw .cannotListen(address, reason: "the path is too long for a socket")
            }
            try removeStaleFile(path, address, socketAddress)
            return try bind(address, socketAddress)
        }
    }

    private static func bind(_ address: HTTPListenAddress, _ target: SocketAddress) throws(HTTPServerError) -> Listener
    {
        let descriptor = front_socket(target.family)
        guard descriptor >= 0 else { throw .cannotListen(address, reason: SystemError.reason()) }
        if target.family != AF_UNIX { set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if target.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let isBound = target.withPointer { Glibc.bind(descriptor, $0, target.length) } == 0
        guard isBound, listen(descriptor, 1024) == 0 else {
            let number = errno
            Glibc.close(descriptor)
            if number == EADDRINUSE { throw .addressInUse(address) }
            throw .cannotListen(address, reason: SystemError.reason(number))
        }
        return Listener(descriptor: descriptor, address: address, inode: fileNumber(address))
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// A socket file that nobody listens on is left over from a crash.
    private static func removeStaleFile(
        _ path: String, _ address: HTTPListenAddress, _ target: SocketAddress
    ) throws(HTTPServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw .cannotListen(address, reason: "the path exists and is not a socket")
        }
        let probe = front_socket(AF_UNIX)
        guard probe >= 0 else { throw .cannotListen(address, reason: SystemError.reason()) }
        defer { Glibc.close(probe) }
        let answer = target.withPointer { connect(probe, $0, target.length) }
        guard answer != 0, errno == ECONNREFUSED else { throw .addressInUse(address) }
        unlink(path)
    }

    private static func fileNumber(_ address: HTTPListenAddress) -> UInt64 {
        var status = stat()
        guard case .unix(let path) = address, lstat(path, &status) == 0 else { return 0 }
        return UInt64(status.st_ino)
    }

    /// The port in use; `nil` for a unix socket.
    var port: UInt16? {
        var address = SocketAddress()
        guard address.fill({ getsockname(descriptor, $0, $1) }) == 0 else { return nil }
        return address.port
    }

    /// Closes the socket, and removes its file if it is still ours.
    func close() {
        if case .unix(let path) = address, inode != 0, Self.fileNumber(address) == inode { unlink(path) }
        Glibc.close(descriptor)
    }
}
