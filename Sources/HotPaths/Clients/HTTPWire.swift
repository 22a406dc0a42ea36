import Glibc

/// A client's end of one connection, which costs next to nothing: it waits, and looks at no more of an
/// answer than where it ends.
final class HTTPWire {
    private let socket: Int32
    private let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity + 1)
    private var filled = 0
    private static let capacity = 1 << 20

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let socket = socket
        let outcome = withUnsafeBytes(of: &address) { bytes in
            connect(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(bytes.count))
        }
        guard outcome == 0 else { throw HotPathFailure("no connection: error \(errno)") }
    }

    deinit {
        close(socket)
        buffer.deallocate()
    }

    /// The last answer's field of this name, as it is written there.
    func field(_ name: String) -> String? {
        text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }

    private var text: String { String(cString: buffer) }

    /// Sends `request` and waits for the whole answer, which has to have this status.
    func exchange(_ request: [UInt8], expecting status: Int) throws {
        try send(request)
        filled = 0
        var body: UnsafeMutablePointer<CChar>?
        while body == nil {
            try receive()
            body = strstr(buffer, "\r\n\r\n").map { $0 + 4 }
        }
        let got = strtol(buffer + "HTTP/1.1 ".utf8.count, nil, 10)
        guard got == status, let body else { throw HotPathFailure("\(got) instead of \(status): \(text.prefix(1000))") }
        let field = "Content-Length: "
        // 204 and 304 have none.
        let length = strstr(buffer, field).map { strtol($0 + field.utf8.count, nil, 10) } ?? 0
        while filled < body - buffer + length { try receive() }
    }

    /// Waits until what has come since the last time ends like this.
    func receive(through end: String) throws {
        filled = 0
        repeat { try receive() } while filled < end.utf8.count || strcmp(buffer + filled - end.utf8.count, end) != 0
    }

    func send(_ request: [UInt8]) throws {
        guard Glibc.send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw HotPathFailure("the request was not taken: error \(errno)")
        }
    }

    private func receive() throws {
        let count = recv(socket, buffer + filled, Self.capacity - filled, 0)
        guard count > 0 else { throw HotPathFailure("no answer, but \(text.prefix(1000)): error \(errno)") }
        filled += count
        buffer[filled] = 0
    }
}
